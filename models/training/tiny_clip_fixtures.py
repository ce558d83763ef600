"""Writes test/fixtures/tiny-clip: one tiny CLIP of random weights in every layout that public exports have."""

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import torch
from onnxruntime.quantization import quantize_dynamic
from torch import nn

from byte_pairs import write_tokenizer
from export_clip import CONTEXT_LENGTH, image_graph, random_image_tower, random_text_tower, shape_tokenizer, text_graph, to_graph
from quantize import to_fp16, to_int8

FIXTURES = Path(__file__).parents[2] / "test" / "fixtures" / "tiny-clip"
PADDING_ID = 0
TEXTS = (
    "", "a", "dog", "A dog", "the red car", "  two   people\tplaying ", "photo of a cat", "a photo of a dog in the snow",
    "a picture of a blue bird on the street", "xylophone", "don't", "naïve café, déjà vu!", "日本語", "🚀", "👩‍👩‍👧 and 🐈",
    "ALL CAPS!!!", "1234567890", "a_b-c  d\te", "the dog and the cat and the bird and the car in a picture of the snow",
    "a quick brown fox jumps over the lazy dog near the river",
    "two people playing with a red dog on the street in the snow, photographed from far",
)  # fmt: skip
PIXELS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "sin(i / 7)": lambda i: np.sin(i / 7),
    "(i % 97) / 48 - 1": lambda i: (i % 97) / 48 - 1,
}


class FixedText(nn.Module):
    """One text a run, padded, int32 ids, unit length."""

    def __init__(self, tower: nn.Module) -> None:
        super().__init__()
        self.tower = tower

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return nn.functional.normalize(self.tower(ids).text_embeds, dim=-1)


class PerToken(nn.Module):
    """A projected vector for each token, with a mask for the padding."""

    def __init__(self, tower: nn.Module) -> None:
        super().__init__()
        self.tower = tower

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return self.tower.text_projection(self.tower.text_model(ids, attention_mask=mask).last_hidden_state)


class FixedImage(nn.Module):
    """One picture a run, unit length."""

    def __init__(self, tower: nn.Module) -> None:
        super().__init__()
        self.tower = tower

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return nn.functional.normalize(self.tower(pixels).image_embeds, dim=-1)


class PerPatch(nn.Module):
    """A projected vector for each patch; that of the class token, which is the picture's, is the first."""

    def __init__(self, tower: nn.Module) -> None:
        super().__init__()
        self.tower = tower

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        model = self.tower.vision_model
        return self.tower.visual_projection(model.post_layernorm(model(pixels).last_hidden_state))


def text_graphs(tower: nn.Module) -> dict[str, onnx.ModelProto]:
    ids = torch.tensor([[1, 2, 3, 4, 5, 6, tower.config.eos_token_id]] * 2)
    padded = torch.full((1, CONTEXT_LENGTH), tower.config.eos_token_id, dtype=torch.int32)
    free = {0: "batch", 1: "length"}
    names = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    return {
        "text-dynamic": text_graph(tower),
        "text-fixed": to_graph(FixedText(tower), {"text": padded}, "embedding", {}),
        "text-per-token": to_graph(PerToken(tower), names, "token_embeds", dict.fromkeys([*names, "token_embeds"], free)),
        "text-fp16": to_fp16(text_graph(tower), float32_at_the_ends=False),
        "text-int8": to_int8(text_graph(tower)),
    }


def image_graphs(tower: nn.Module) -> dict[str, onnx.ModelProto]:
    pixels = {"pixel_values": torch.zeros(2, 3, tower.config.image_size, tower.config.image_size)}
    one = {"image": pixels["pixel_values"][:1]}
    batch = {0: "batch"}
    return {
        "image-dynamic": image_graph(tower),
        "image-fixed": to_graph(FixedImage(tower), one, "embedding", {}),
        "image-fp16": to_fp16(image_graph(tower), float32_at_the_ends=False),
        "image-per-patch": to_graph(PerPatch(tower), pixels, "patch_embeds", {"pixel_values": batch, "patch_embeds": batch}),
    }


def _unit(vectors: torch.Tensor) -> list[list[float]]:
    return nn.functional.normalize(vectors, dim=-1).double().numpy().round(6).tolist()


@torch.no_grad()
def expected(text: nn.Module, image: nn.Module) -> dict:
    """What PyTorch answers: texts padded to the context length, vectors of unit length."""
    tokenizer, size = shape_tokenizer("tiny"), image.config.image_size
    ids = [tokenizer.encode(one).ids for one in TEXTS]
    padded = torch.tensor([row + [PADDING_ID] * (CONTEXT_LENGTH - len(row)) for row in ids])
    pixels = torch.tensor(np.stack([of(np.arange(3 * size * size)).reshape(3, size, size) for of in PIXELS.values()]))
    rows = zip(TEXTS, ids, _unit(text(padded).text_embeds))
    pictures = zip(PIXELS, _unit(image(pixels.float()).image_embeds))
    return {
        "dimensions": text.config.projection_dim,
        "contextLength": CONTEXT_LENGTH,
        "paddingId": PADDING_ID,
        "pictureSize": size,
        "texts": [{"text": one, "ids": row, "vector": vector} for one, row, vector in rows],
        "pixels": [{"formula": formula, "vector": vector} for formula, vector in pictures],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=FIXTURES, help="default: %(default)s")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    text, image = random_text_tower("tiny"), random_image_tower("tiny")
    for name, graph in (text_graphs(text) | image_graphs(image)).items():
        onnx.save(graph, out / f"{name}.onnx")
    with tempfile.TemporaryDirectory() as directory:
        source = Path(directory) / "text.onnx"
        onnx.save(text_graph(text), source)
        quantize_dynamic(source, out / "text-quantized.onnx")
    write_tokenizer(shape_tokenizer("tiny"), out / "tokenizer.json")
    lines = json.dumps(expected(text, image), ensure_ascii=False).replace('{"text', '\n{"text').replace('{"formula', '\n{"formula')
    (out / "expected.json").write_text(lines + "\n")
    for file in sorted(out.iterdir()):
        print(file.name, file.stat().st_size)


if __name__ == "__main__":
    main()
