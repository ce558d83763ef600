"""Checks the rewriting and the quantizing on the tiny CLIP: `check_shapes.py`, a few seconds."""

import numpy as np
import onnx
import onnxruntime

from export_clip import CONTEXT_LENGTH, image_graph, random_image_tower, random_text_tower, shape_tokenizer, text_graph
from fuse_graph import fused
from quantize import to_fp16, to_int8
from tiny_clip_fixtures import TEXTS

EQUAL = 1e-5
LEAST_COSINE = {"fused": 0.999999, "fp16": 0.9999, "int8": 0.99}


def run(model: onnx.ModelProto, inputs: np.ndarray) -> np.ndarray:
    """Vectors of unit length."""
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    vectors = session.run(None, {session.get_inputs()[0].name: inputs})[0]
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def rewritten(make) -> dict[str, onnx.ModelProto]:
    smaller = fused(make()).rebuild()
    check_taken_rows(smaller)
    # As the exporter does: the others are made of the fused one.
    return {"plain": make(), "fused": smaller, "fp16": to_fp16(fused(make()).rebuild()), "int8": to_int8(fused(make()).rebuild())}


def check_taken_rows(model: onnx.ModelProto) -> None:
    """One row of each text or picture is taken directly behind the last attention."""
    attentions = [node for node in model.graph.node if node.op_type == "MultiHeadAttention"]
    readers = {node.op_type for node in model.graph.node if attentions and attentions[-1].output[0] in node.input}
    assert readers in ({"Flatten"}, {"Gather"}), "rows that nobody needs go through the last layer"


def check_texts() -> None:
    tower, tokenizer = random_text_tower("tiny"), shape_tokenizer("tiny")
    graphs = rewritten(lambda: text_graph(tower))
    kinds = {node.op_type for node in graphs["fused"].graph.node}
    assert "MultiHeadAttention" in kinds and "Softmax" not in kinds, "attention is not fused"
    rows = [tokenizer.encode(text).ids for text in TEXTS]
    padded = np.array([row + [0] * (CONTEXT_LENGTH - len(row)) for row in rows])
    reference = run(graphs["plain"], padded)
    for name, graph in graphs.items():
        alone = np.concatenate([run(graph, np.array([row])) for row in rows])
        together = run(graph, padded)
        cosine, difference = (alone * reference).sum(axis=1).min(), np.abs(alone - reference).max()
        neighbours = (alone * together).sum(axis=1).min()
        print(f"text {name}: cosine {cosine:.6f}, largest difference {difference:.1e}, alone to padded in a batch {neighbours:.6f}")
        assert cosine >= LEAST_COSINE.get(name, 0) and neighbours > 0.9999
        assert name != "fused" or difference < EQUAL


def check_images() -> None:
    tower = random_image_tower("tiny")
    pixels = np.random.default_rng(0).standard_normal((3, 3, tower.config.image_size, tower.config.image_size), np.float32)
    graphs = rewritten(lambda: image_graph(tower))
    reference = run(graphs["plain"], pixels)
    for name, graph in graphs.items():
        vectors = run(graph, pixels)
        cosine, difference = (vectors * reference).sum(axis=1).min(), np.abs(vectors - reference).max()
        print(f"image {name}: cosine {cosine:.6f}, largest difference {difference:.1e}")
        assert cosine >= LEAST_COSINE.get(name, 0)
        assert name != "fused" or difference < EQUAL


if __name__ == "__main__":
    check_texts()
    check_images()
