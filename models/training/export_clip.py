"""Writes a CLIP as a model directory: text.onnx, image.onnx, tokenizer.json, model.json, and fp16 and int8 variants.

Without --pretrained the weights are random: nothing can be found with them, but a graph's speed and memory do not
depend on its weights. With --pretrained they are those of a model of the hub, or of a directory.
"""

import argparse
import gc
import json
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import onnx
import torch
from tokenizers import Tokenizer
from torch import nn
from transformers import AutoTokenizer, CLIPTextConfig, CLIPTextModelWithProjection, CLIPVisionConfig, CLIPVisionModelWithProjection
from transformers.models.auto.image_processing_auto import get_image_processor_config
from transformers.utils import logging

from byte_pairs import FEW_WORDS, MANY_WORDS, make_tokenizer, write_tokenizer
from fuse_graph import fused
from quantize import PRECISIONS, add_variant, describe, save_graph

ROOT = Path(__file__).parents[2]
SHAPES_DIRECTORY = ROOT / ".data" / "models" / "shapes"
PIXEL_MEAN = [0.48145466, 0.4578275, 0.40821073]
PIXEL_STD = [0.26862954, 0.26130258, 0.27577711]
CONTEXT_LENGTH = 77
SEED = 20261121


@dataclass(frozen=True)
class Shape:
    """Width, layers and heads of each tower; the inner width of a layer is four times its width."""

    text: tuple[int, int, int]
    image: tuple[int, int, int]
    patch: int
    picture: int
    dimensions: int
    activation: str


SHAPES = {
    "tiny": Shape((32, 2, 4), (32, 2, 4), 8, 32, 32, "quick_gelu"),
    "ViT-B-32": Shape((512, 12, 8), (768, 12, 12), 32, 224, 512, "quick_gelu"),
    "ViT-H-14": Shape((1024, 24, 16), (1280, 32, 16), 14, 224, 1024, "gelu"),
}


def shape_tokenizer(name: str) -> Tokenizer:
    """With CLIP's start and end tokens (49406, 49407), or for `tiny` right behind a small vocabulary."""
    return make_tokenizer(FEW_WORDS) if name == "tiny" else make_tokenizer(MANY_WORDS, 49406)


def _sizes(tower: tuple[int, int, int], shape: Shape) -> dict:
    width, layers, heads = tower
    return {
        "hidden_size": width, "intermediate_size": 4 * width, "num_hidden_layers": layers, "num_attention_heads": heads,
        "projection_dim": shape.dimensions, "hidden_act": shape.activation, "attn_implementation": "eager",
    }  # fmt: skip


def randomise(model: nn.Module, seed: int) -> nn.Module:
    """Random weights under which unlike inputs get unlike vectors: what goes through a layer keeps its size."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.normal_(generator=generator)
            if weight.ndim < 2:
                weight.mul_(0.1).add_(1.0 if "norm" in name and name.endswith("weight") else 0.0)
            elif "embedding.weight" not in name or weight.ndim > 2:
                weight.mul_((1.5 if "q_proj" in name or "k_proj" in name else 1.0) * weight[0].numel() ** -0.5)
            elif "position" in name:
                weight.mul_(0.5)
    return model.eval()


def random_text_tower(name: str, seed: int = SEED) -> nn.Module:
    shape, ids = SHAPES[name], shape_tokenizer(name).encode("").ids
    vocabulary = {"vocab_size": ids[1] + 1, "bos_token_id": ids[0], "eos_token_id": ids[1], "pad_token_id": ids[1]}
    config = CLIPTextConfig(**_sizes(shape.text, shape), **vocabulary, max_position_embeddings=CONTEXT_LENGTH)
    return randomise(CLIPTextModelWithProjection(config), seed)


def random_image_tower(name: str, seed: int = SEED) -> nn.Module:
    shape = SHAPES[name]
    config = CLIPVisionConfig(**_sizes(shape.image, shape), patch_size=shape.patch, image_size=shape.picture)
    return randomise(CLIPVisionModelWithProjection(config), seed + 1)


class Pooled(nn.Module):
    """A tower whose one output is one vector for each text or picture, not normalised."""

    def __init__(self, model: nn.Module, output: str) -> None:
        super().__init__()
        self.model, self.output = model, output

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.model(inputs)[self.output]


def to_graph(model: nn.Module, inputs: dict[str, torch.Tensor], output: str, axes: dict[str, dict[int, str]]) -> onnx.ModelProto:
    """The ONNX graph of a model; `axes` names those that may have any size."""
    with tempfile.TemporaryDirectory() as directory, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(directory) / "graph.onnx"
        torch.onnx.export(
            model.eval(), tuple(inputs.values()), str(path), input_names=list(inputs), output_names=[output],
            dynamic_axes=axes, opset_version=17, dynamo=False,
        )  # fmt: skip
        return onnx.load(path)


def text_graph(tower: nn.Module) -> onnx.ModelProto:
    # Two texts of seven tokens that end in the end token, as tracing wants an example.
    ids = torch.tensor([[1, 2, 3, 4, 5, 6, tower.config.eos_token_id]] * 2)
    axes = {"input_ids": {0: "batch", 1: "length"}, "text_embeds": {0: "batch"}}
    return to_graph(Pooled(tower, "text_embeds"), {"input_ids": ids}, "text_embeds", axes)


def image_graph(tower: nn.Module) -> onnx.ModelProto:
    size = tower.config.image_size
    axes = {"pixel_values": {0: "batch"}, "image_embeds": {0: "batch"}}
    return to_graph(Pooled(tower, "image_embeds"), {"pixel_values": torch.zeros(2, 3, size, size)}, "image_embeds", axes)


def write_towers(towers: Iterator[nn.Module], out: Path, plain: bool) -> dict:
    """Writes the graphs, the text's first, and returns what model.json says of the model; one tower at a time is in memory."""
    manifest: dict = {"files": {}}
    for name, graph_of in (("text", text_graph), ("image", image_graph)):
        print(f"{name}: making the weights", flush=True)
        tower = next(towers)
        manifest["dimensions"] = tower.config.projection_dim
        if name == "text":
            manifest["contextLength"] = tower.config.max_position_embeddings
        else:
            manifest["pixels"] = {"size": tower.config.image_size, "mean": PIXEL_MEAN, "std": PIXEL_STD}
        print(f"{name}: writing the graph", flush=True)
        graph = graph_of(tower)
        del tower
        gc.collect()
        graph = graph if plain else fused(graph).rebuild()
        (_, manifest["files"][name]), *weights = save_graph(graph, out / f"{name}.onnx").items()
        manifest["files"] |= dict(weights)
        del graph
    return manifest


def export_shape(name: str, seed: int, tokenizer: Path | None, out: Path, plain: bool) -> dict:
    manifest = write_towers((make(name, seed) for make in (random_text_tower, random_image_tower)), out, plain)
    if tokenizer:
        shutil.copyfile(tokenizer, out / "tokenizer.json")
    else:
        write_tokenizer(shape_tokenizer(name), out / "tokenizer.json")
    return {"id": f"{name}/random", **manifest, "source": f"models/training/export_clip.py, seed {seed}", "licence": "none: random weights"}


def export_pretrained(source: str, out: Path, plain: bool) -> dict:
    settings = {"attn_implementation": "eager", "dtype": torch.float32}
    towers = (CLIPTextModelWithProjection, CLIPVisionModelWithProjection)
    manifest = write_towers((tower.from_pretrained(source, **settings) for tower in towers), out, plain)
    AutoTokenizer.from_pretrained(source).backend_tokenizer.save(str(out / "tokenizer.json"), pretty=False)
    recipe = get_image_processor_config(source)
    manifest["pixels"] |= {name: recipe[f"image_{name}"] for name in ("mean", "std") if f"image_{name}" in recipe}
    return {"id": source, **manifest, "source": source, "licence": "that of the source"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("shape", nargs="?", choices=SHAPES, help="a shape, for random weights")
    what.add_argument("--pretrained", metavar="SOURCE", help="a model's id on the hub, or a directory that has it")
    parser.add_argument("--out", type=Path, help=f"the model directory; by default a folder of {SHAPES_DIRECTORY.relative_to(ROOT)}")
    parser.add_argument("--tokenizer", type=Path, help="a tokenizer.json to use in place of a small one, with CLIP's ids")
    parser.add_argument("--seed", type=int, default=SEED, help="of the random weights; default: %(default)s")
    parser.add_argument("--plain", action="store_true", help="leave the graphs as PyTorch exports them, to compare with")
    parser.add_argument("--precisions", nargs="*", choices=PRECISIONS, default=PRECISIONS, help="variants to add; default: all")
    options = parser.parse_args()
    logging.set_verbosity_error()
    out = options.out or SHAPES_DIRECTORY / Path(options.shape or options.pretrained).name
    out.mkdir(parents=True, exist_ok=True)
    try:
        if options.pretrained:
            manifest = export_pretrained(options.pretrained, out, options.plain)
        else:
            manifest = export_shape(options.shape, options.seed, options.tokenizer, out, options.plain)
    except (OSError, ValueError) as error:
        sys.exit(f"Cannot export the model as one of its parts cannot be read or written: {error}")
    manifest["files"]["tokenizer"] = describe(out / "tokenizer.json")
    # Attention is causal and the vector is taken at the first end token: whatever stands behind it is never read.
    manifest |= {"padding": {"id": 0, "rule": "ignored"}, "pooling": {"text": "end", "image": "first"}}
    (out / "model.json").write_text(json.dumps(manifest, indent=2) + "\n")
    for precision in options.precisions:
        add_variant(out, precision)
    for file in sorted(out.iterdir()):
        print(f"{file.stat().st_size / 1e6:10.1f} MB  {file}")


if __name__ == "__main__":
    main()
