"""Stores an ONNX graph's large weights as small integers without changing how it computes.

Each weight becomes int8 values and one scale per channel, followed by Cast and Mul. The widest matrices of the text
tower, two thirds of it, become 4-bit values with a scale for each 32, two values in a byte. The runtime folds these into
float32 once, when the session is made: the file is a quarter of the size, while every vector is exact float32
arithmetic that depends on nothing but its own input. Quantized *activations* would depend on the batch they are in.
"""

import numpy as np
import onnx
from onnx import helper, numpy_helper

SMALLEST = 2_048
FOUR_BIT = {(384, 1536), (1536, 384), (384, 384)}
GROUP = 32


def _channel_axis(graph: onnx.GraphProto, name: str) -> int:
    """Rows of tables and filters of convolutions are channels; of a matrix that multiplies from the right, columns."""
    user = next(node for node in graph.node if name in node.input)
    if user.op_type == "MatMul" or (user.op_type == "Gemm" and not any(a.name == "transB" and a.i for a in user.attribute)):
        return 1
    return 0


def _four_bits(graph: onnx.GraphProto, name: str, weight: np.ndarray) -> list[onnx.NodeProto]:
    """Adds a matrix that multiplies from the right as packed 4-bit values; returns the nodes that unpack it."""
    rows, columns = weight.shape
    grouped = weight.reshape(rows // GROUP, GROUP, columns)
    scale = (np.maximum(np.abs(grouped).max(axis=1, keepdims=True), 1e-12) / 7.5).astype(np.float16)
    stored = np.clip(np.floor(grouped / scale.astype(np.float32)) + 8, 0, 15).astype(np.uint8)
    packed = stored[:, : GROUP // 2] + 16 * stored[:, GROUP // 2 :]
    constants = {"packed": packed, "scale16": scale, "sixteen": np.float32(16), "middle": np.float32(7.5), "shape": np.array([rows, columns])}
    graph.initializer.extend(numpy_helper.from_array(np.asarray(value), f"{name}.{key}") for key, value in constants.items())

    def node(kind: str, inputs: str, output: str, **attributes: int) -> onnx.NodeProto:
        return helper.make_node(kind, [f"{name}.{i}" for i in inputs.split()], [f"{name}.{output}" if output else name], **attributes)

    return [
        node("Cast", "packed", "both", to=onnx.TensorProto.FLOAT), node("Cast", "scale16", "scale", to=onnx.TensorProto.FLOAT),
        node("Div", "both sixteen", "shifted"), node("Floor", "shifted", "high"), node("Mul", "high sixteen", "high16"), node("Sub", "both high16", "low"),
        node("Concat", "low high", "values", axis=1), node("Sub", "values middle", "centred"), node("Mul", "centred scale", "groups"),
        node("Reshape", "groups shape", ""),
    ]  # fmt: skip


def _eight_bits(graph: onnx.GraphProto, name: str, stored: np.ndarray) -> list[onnx.NodeProto]:
    """Adds the values; rows that come again and again (names of one concept) are stored once and gathered."""
    rows, place = np.unique(stored.reshape(len(stored), -1), axis=0, return_inverse=True)
    if len(rows) > 0.8 * len(stored):
        graph.initializer.append(numpy_helper.from_array(stored, f"{name}.int8"))
        return []
    rows = rows.reshape(len(rows), *stored.shape[1:])
    graph.initializer.append(numpy_helper.from_array(rows, f"{name}.rows"))
    graph.initializer.append(numpy_helper.from_array(place.reshape(-1).astype(np.int32), f"{name}.place"))
    return [helper.make_node("Gather", [f"{name}.rows", f"{name}.place"], [f"{name}.int8"], axis=0)]


def store_as_int8(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same model with every float32 initialiser of at least SMALLEST numbers stored as int8."""
    graph, unpack = model.graph, []
    for tensor in list(graph.initializer):
        weight = numpy_helper.to_array(tensor)
        if weight.dtype != np.float32 or weight.size < SMALLEST or weight.ndim < 2:
            continue
        if weight.shape in FOUR_BIT:
            graph.initializer.remove(tensor)
            unpack += _four_bits(graph, tensor.name, weight)
            continue
        axis = _channel_axis(graph, tensor.name)
        others = tuple(a for a in range(weight.ndim) if a != axis)
        scale = np.maximum(np.abs(weight).max(axis=others, keepdims=True), 1e-12).astype(np.float32) / 127
        stored = np.clip(np.rint(weight / scale), -127, 127).astype(np.int8)
        name = tensor.name
        graph.initializer.remove(tensor)
        graph.initializer.append(numpy_helper.from_array(scale, f"{name}.scale"))
        unpack += _eight_bits(graph, name, stored)
        unpack.append(helper.make_node("Cast", [f"{name}.int8"], [f"{name}.float"], to=onnx.TensorProto.FLOAT))
        unpack.append(helper.make_node("Mul", [f"{name}.float", f"{name}.scale"], [name]))
    nodes = [*unpack, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(model)
    return model
