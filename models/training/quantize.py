"""Adds an int8 or fp16 variant to a model directory whose graphs are float32: `quantize.py <model directory>`.

int8: every constant matrix becomes 8-bit values with a scale for each block of a column (MatMulNBits of ONNX Runtime).
It multiplies them by activations that it makes 8-bit too, each row of each block with a scale of its own: so a text's
vector does not depend on its neighbours in the batch, as it would with one scale for the whole tensor.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import NodeProto, TensorProto, helper
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidGraph
from onnxruntime.transformers.float16 import convert_float_to_float16

from fuse_graph import MICROSOFT, Graph, fused

# Large blocks are faster; a matrix of fewer rows gets the largest that it fills.
BLOCKS = (256, 128, 64, 32)
SMALLEST_SCALE = 1e-12
# Tables of fewer rows (positions) stay as they are.
FEWEST_TOKENS = 512
# A file of the format that holds a graph can't be larger; weights beyond go to a file beside it.
MOST_BYTES = 2_000_000_000
TOWERS = ("text", "image")
PRECISIONS = ("fp16", "int8")


def describe(path: Path) -> dict:
    """The entry of a file in model.json."""
    with path.open("rb") as file:
        return {"path": path.name, "bytes": path.stat().st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def save_graph(model: onnx.ModelProto, path: Path) -> dict[str, dict]:
    """Writes the graph, with its weights in a file of their own where they are too large for one.

    :return: entries of model.json: the graph's under its own name, first, then that of its weights.
    """
    weights = path.with_name(f"{path.name}_data")
    weights.unlink(missing_ok=True)
    large = sum(len(tensor.raw_data) for tensor in model.graph.initializer) > MOST_BYTES
    onnx.save(model, path, save_as_external_data=large, location=weights.name)
    if large:
        # It is written for its owner alone.
        weights.chmod(path.stat().st_mode)
    return {file.name: describe(file) for file in (path, weights) if file.exists()}


def _eight_bits(weight: np.ndarray, block: int) -> tuple[np.ndarray, np.ndarray]:
    """A [rows, columns] matrix as [columns, blocks, block] bytes, 128 being 0, and a scale for each block."""
    rows, columns = weight.shape
    blocks = np.pad(weight.T, ((0, 0), (0, -rows % block))).reshape(columns, -1, block)
    scale = np.maximum(np.abs(blocks).max(axis=2, keepdims=True), SMALLEST_SCALE) / 127
    return (np.rint(blocks / scale) + 128).astype(np.uint8), scale[..., 0].astype(np.float32)


def _matrix_of(graph: Graph, node: NodeProto) -> np.ndarray | None:
    """The constant matrix that a node multiplies by, rows being what it sums over."""
    if node.op_type not in ("MatMul", "Gemm"):
        return None
    weight = graph.array(node.input[1])
    if weight is None or weight.ndim != 2 or weight.dtype != np.float32:
        return None
    if node.op_type == "MatMul":
        return weight
    settings = {one.name: helper.get_attribute_value(one) for one in node.attribute}
    plain = settings.get("alpha", 1) == 1 == settings.get("beta", 1) and not settings.get("transA")
    return (weight.T if settings.get("transB") else weight) if plain else None


def quantize_matrix(graph: Graph, node: NodeProto) -> None:
    """Makes a multiplication by a constant matrix, and the addition of a constant bias behind it, one of 8 bits."""
    weight = _matrix_of(graph, node)
    if weight is None:
        return
    rows, columns = weight.shape
    block = next((size for size in BLOCKS if size <= rows), BLOCKS[-1])
    values, scales = _eight_bits(weight, block)
    # Named after what is computed, as one matrix may be used by a MatMul and, turned, by a Gemm.
    inputs = [node.input[0], graph.add(f"{node.output[0]}.int8", values), graph.add(f"{node.output[0]}.scales", scales)]
    last = graph.reader(node.output[0], "Add") if node.op_type == "MatMul" else None
    parts = graph.with_constant(last)
    bias = parts[1] if parts else node.input[2] if len(node.input) > 2 else ""
    fits = bias in graph.constants and graph.array(bias).shape == (columns,)
    if node.op_type == "Gemm" and bias and not fits:
        return
    replaced = last if parts and fits else node
    inputs += ["", "", bias] if fits else []
    attributes = {"K": rows, "N": columns, "bits": 8, "block_size": block, "accuracy_level": 4}
    graph.replace(replaced, [helper.make_node("MatMulNBits", inputs, replaced.output, node.name, domain=MICROSOFT, **attributes)])


def quantize_table(graph: Graph, node: NodeProto) -> None:
    """Makes a table of tokens int8 with a scale for each row: only the rows asked for are ever unpacked."""
    table = graph.array(node.input[0])
    if node.op_type != "Gather" or table is None or table.ndim != 2 or table.dtype != np.float32 or len(table) < FEWEST_TOKENS:
        return
    name, out = node.input[0], node.output[0]
    scale = np.maximum(np.abs(table).max(axis=1, keepdims=True), SMALLEST_SCALE).astype(np.float32) / 127
    values, scales = graph.add(f"{name}.int8", np.rint(table / scale).astype(np.int8)), graph.add(f"{name}.scales", scale)
    new = [
        helper.make_node("Gather", [values, node.input[1]], [f"{out}.int8"]),
        helper.make_node("Cast", [f"{out}.int8"], [f"{out}.values"], to=TensorProto.FLOAT),
        helper.make_node("Gather", [scales, node.input[1]], [f"{out}.scales"]),
        helper.make_node("Mul", [f"{out}.values", f"{out}.scales"], [out]),
    ]
    graph.replace(node, new)


def to_int8(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with its matrices and its table of tokens as int8; the rest stays float32."""
    graph = fused(model)
    for node in list(graph.nodes):
        quantize_table(graph, node)
        quantize_matrix(graph, node)
    if all(node.op_type != "MatMulNBits" for node in graph.nodes):
        raise ValueError("its graph has no float32 matrix")
    return graph.rebuild()


def to_fp16(model: onnx.ModelProto, float32_at_the_ends: bool = True) -> onnx.ModelProto:
    """The model with weights and arithmetic in float16, for a GPU; what goes in and comes out stays float32."""
    return convert_float_to_float16(model, keep_io_types=float32_at_the_ends, disable_shape_infer=True)


def add_variant(directory: Path, precision: str) -> None:
    """Writes the variant of each tower and names it in model.json."""
    path = directory / "model.json"
    manifest = json.loads(path.read_text())
    variant = {}
    for tower in TOWERS:
        print(f"{precision} {tower}", flush=True)
        source = manifest["files"][tower]["path"]
        model = (to_int8 if precision == "int8" else to_fp16)(onnx.load(directory / source))
        (_, variant[tower]), *weights = save_graph(model, directory / f"{tower}.{precision}.onnx").items()
        variant |= dict(weights)
        del model
    manifest["variants"] = manifest.get("variants", {}) | {precision: variant}
    path.write_text(json.dumps(manifest, indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path, help="a model directory, with a model.json")
    parser.add_argument("--precision", choices=PRECISIONS, default="int8")
    options = parser.parse_args()
    if not (options.directory / "model.json").is_file():
        sys.exit(f"Cannot quantize the model as the directory has no model.json: {options.directory}")
    try:
        add_variant(options.directory, options.precision)
    except (OSError, ValueError, KeyError, DecodeError, Fail, InvalidGraph) as error:
        sys.exit(f"Cannot quantize the model as a file of it cannot be read, written or rewritten: {error}")


if __name__ == "__main__":
    main()
