"""Stage 5: writes models/demo: two ONNX files, the tokenizer and model.json."""

import hashlib
import json
import shutil
import sys
from pathlib import Path

import onnx
import torch
from torch import nn
from torch.nn.utils import fuse_conv_bn_eval

from int8_weights import store_as_int8
from settings import CACHE, CONTEXT_LENGTH, DIMENSIONS, MODEL, PICTURE_SIZE, PIXEL_MEAN, PIXEL_STD
from text_graph import TextGraph
from text_tower import pruned_teacher
from towers import BothWays, ImageTower, TextMemory

LICENCE = "MIT; made with data under Apache-2.0, CC-BY-4.0, MIT and the WordNet licence, see README.md"


def fold_norms(module: nn.Module) -> None:
    """Folds every batch norm into the convolution before it."""
    for child in module.children():
        fold_norms(child)
    if isinstance(module, nn.Sequential):
        for i in range(len(module) - 1):
            if isinstance(module[i], nn.Conv2d) and isinstance(module[i + 1], nn.BatchNorm2d):
                module[i], module[i + 1] = fuse_conv_bn_eval(module[i], module[i + 1]), nn.Identity()


def write_onnx(model: nn.Module, inputs: dict[str, torch.Tensor], output: str, dynamic: dict, path: Path) -> None:
    torch.onnx.export(
        model.eval(), tuple(inputs.values()), str(path), input_names=list(inputs), output_names=[output],
        dynamic_axes=dynamic | {output: {0: "batch"}}, opset_version=17, dynamo=False,
    )  # fmt: skip
    onnx.save(store_as_int8(onnx.load(path)), path)


def describe(name: str) -> dict:
    data = (MODEL / name).read_bytes()
    return {"path": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def export(text_checkpoint: str, image_checkpoint: str) -> None:
    MODEL.mkdir(parents=True, exist_ok=True)
    text = torch.load(CACHE / text_checkpoint)
    memory = TextMemory(len(text["concept_of"]), len(text["centres"]))
    memory.load_state_dict(text)
    image = ImageTower()
    state = torch.load(CACHE / image_checkpoint)
    image.load_state_dict({k.removeprefix("tower."): v for k, v in state.items() if k.startswith("tower.")})
    fold_norms(image.eval())
    ids = torch.ones(2, 7, dtype=torch.long)
    batch_and_length = {0: "batch", 1: "length"}
    write_onnx(
        TextGraph(pruned_teacher(), memory), {"input_ids": ids, "attention_mask": ids}, "text_embeds",
        {"input_ids": batch_and_length, "attention_mask": batch_and_length}, MODEL / "text.onnx",
    )  # fmt: skip
    pixels = torch.zeros(2, 3, PICTURE_SIZE, PICTURE_SIZE)
    write_onnx(BothWays(image), {"pixel_values": pixels}, "image_embeds", {"pixel_values": {0: "batch"}}, MODEL / "image.onnx")
    shutil.copy(CACHE / "tokenizer.json", MODEL / "tokenizer.json")
    card = {
        "id": "demo",
        "dimensions": DIMENSIONS,
        "contextLength": CONTEXT_LENGTH,
        "files": {"text": describe("text.onnx"), "image": describe("image.onnx"), "tokenizer": describe("tokenizer.json")},
        "pixels": {"size": PICTURE_SIZE, "mean": [PIXEL_MEAN] * 3, "std": [PIXEL_STD] * 3},
        "source": "models/training",
        "licence": LICENCE,
    }
    (MODEL / "model.json").write_text(json.dumps(card, indent=2) + "\n")
    print({name: file["bytes"] for name, file in card["files"].items()})


if __name__ == "__main__":
    export(*(sys.argv[1:] or ["text.pt", "image.pt"]))
