"""Rewrites a transformer's float32 ONNX graph into fewer, larger operators; what it computes stays the same.

A short text is so little work that the operators' own overhead counts. What is not recognised stays as it is.
"""

import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import NodeProto, TensorProto, helper, numpy_helper

MICROSOFT = "com.microsoft"
INTEGERS = {"tensor(int32)": np.int32, "tensor(int64)": np.int64}
# Texts and tokens of a run in which a mask is looked at, and what it adds at most to what it hides.
SAMPLE_SIZES, HIDDEN = ((1, 1), (2, 7), (1, 30)), -1e4
HEADS_FIRST, HEADS_LAST = [0, 2, 1, 3], [0, 2, 3, 1]
# Operators, beside MatMul, that make each row of the same row of what they read, and keep its width.
ROW_WISE = {"Add", "Div", "Erf", "Gelu", "LayerNormalization", "Mul", "Sigmoid", "Tanh"}


class Graph:
    """A graph's nodes by what they make and read, and its constants; changes are applied by `rebuild`."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.model, self.nodes = model, list(model.graph.node)
        self.constants = {tensor.name: tensor for tensor in model.graph.initializer}
        self.outputs = {value.name for value in model.graph.output}
        self.index()

    def index(self) -> None:
        self.makers = {name: node for node in self.nodes for name in node.output if name}
        self.readers: dict[str, list[NodeProto]] = {}
        for node in self.nodes:
            for name in node.input:
                self.readers.setdefault(name, []).append(node)

    def array(self, name: str) -> np.ndarray | None:
        tensor = self.constants.get(name)
        return None if tensor is None else numpy_helper.to_array(tensor)

    def add(self, name: str, value: np.ndarray) -> str:
        self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def maker(self, name: str, kind: str) -> NodeProto | None:
        """The node of this kind that makes the value, where there is one."""
        node = self.makers.get(name)
        return node if node is not None and node.op_type == kind else None

    def reader(self, name: str, kind: str) -> NodeProto | None:
        """The only node that reads the value, where it is of this kind."""
        readers = self.readers.get(name, [])
        alone = len(readers) == 1 and name not in self.outputs
        return readers[0] if alone and readers[0].op_type == kind else None

    def with_constant(self, node: NodeProto | None) -> tuple[str, str] | None:
        """Of a node of two inputs, the one that is computed and the one that is constant."""
        if node is None or len(node.input) != 2:
            return None
        a, b = node.input
        return (a, b) if b in self.constants else (b, a) if a in self.constants else None

    def replace(self, last: NodeProto, new: list[NodeProto]) -> None:
        """Puts `new` in the place of the node that makes the same value; what nobody reads any more goes."""
        place = next(i for i, node in enumerate(self.nodes) if node is last)
        self.nodes[place : place + 1] = new
        self.index()

    def behind(self, names: set[str], kinds: set[str] | None = None) -> tuple[list[NodeProto], set[str]]:
        """The nodes that values are made by, as far back as they are of these kinds, and all that is read on the way."""
        wanted, nodes = set(names), []
        for node in reversed(self.nodes):
            if wanted.intersection(node.output) and (kinds is None or node.op_type in kinds):
                wanted.update(node.input)
                nodes.append(node)
        return nodes[::-1], wanted

    def rebuild(self) -> onnx.ModelProto:
        graph = self.model.graph
        kept, wanted = self.behind(self.outputs)
        del graph.node[:], graph.initializer[:], graph.value_info[:]
        graph.node.extend(kept)
        graph.initializer.extend(tensor for name, tensor in self.constants.items() if name in wanted)
        if all(opset.domain != MICROSOFT for opset in self.model.opset_import):
            self.model.opset_import.append(helper.make_opsetid(MICROSOFT, 1))
        return self.model


def _split_heads(graph: Graph, name: str, order: list[int]) -> tuple[str, int] | None:
    """The [batch, length, width] value whose heads were split and moved, and the number of heads or -1."""
    moved = graph.maker(name, "Transpose")
    shaped = graph.maker(moved.input[0], "Reshape") if moved is not None else None
    if shaped is None or list(helper.get_node_attr_value(moved, "perm")) != order:
        return None
    return shaped.input[0], _last_size(graph, shaped.input[1])


def _last_size(graph: Graph, name: str) -> int:
    """The last number of a shape: a constant, or a Concat whose last part is one."""
    joined = graph.maker(name, "Concat")
    shape = graph.array(joined.input[-1] if joined is not None else name)
    return -1 if shape is None else int(shape.flat[-1])


def _width(graph: Graph, name: str) -> int:
    """The last size of a value that a matrix or the bias behind it makes."""
    bias = graph.with_constant(graph.makers.get(name))
    weight = graph.array(bias[1]) if bias else None
    return -1 if weight is None else weight.shape[-1]


def _fuse_one_attention(graph: Graph, softmax: NodeProto) -> None:
    masked = graph.maker(softmax.input[0], "Add")
    scores, mask = (masked.input[0], masked.input[1]) if masked is not None else (softmax.input[0], "")
    scaled = graph.maker(scores, "Mul")
    scale = 1.0
    if (parts := graph.with_constant(scaled)) and graph.array(parts[1]).size == 1:
        scores, scale = parts[0], float(graph.array(parts[1]).flat[0])
    product = graph.maker(scores, "MatMul")
    weighted = graph.reader(softmax.output[0], "MatMul")
    moved = graph.reader(weighted.output[0], "Transpose") if weighted is not None else None
    joined = graph.reader(moved.output[0], "Reshape") if moved is not None else None
    if product is None or joined is None:
        return
    query = _split_heads(graph, product.input[0], HEADS_FIRST)
    key = _split_heads(graph, product.input[1], HEADS_LAST)
    value = _split_heads(graph, weighted.input[1], HEADS_FIRST)
    if not (query and key and value) or query[1] < 1 or _width(graph, query[0]) % query[1]:
        return
    inputs = [query[0], key[0], value[0], "", "", mask]
    heads = _width(graph, query[0]) // query[1]
    fused = helper.make_node(
        "MultiHeadAttention", inputs if mask else inputs[:3], joined.output, f"{joined.name}.attention",
        domain=MICROSOFT, num_heads=heads, scale=scale,
    )  # fmt: skip
    graph.replace(joined, [fused])


def fuse_attention(graph: Graph) -> None:
    """Softmax(Q K' * scale + mask) V of heads that are split and joined again becomes MultiHeadAttention."""
    for softmax in [node for node in graph.nodes if node.op_type == "Softmax"]:
        _fuse_one_attention(graph, softmax)


def _mask_graph(graph: Graph, mask: str) -> onnx.ModelProto:
    """The part of the graph that makes a mask, as a graph of its own."""
    nodes, wanted = graph.behind({mask})
    source = graph.model.graph
    inputs = [value for value in source.input if value.name in wanted]
    constants = [tensor for name, tensor in graph.constants.items() if name in wanted]
    part = helper.make_graph(nodes, "mask", inputs, [helper.make_tensor_value_info(mask, TensorProto.FLOAT, None)], constants)
    return helper.make_model(part, opset_imports=graph.model.opset_import, ir_version=graph.model.ir_version)


def _is_causal(graph: Graph, mask: str) -> bool:
    """Whether the mask hides from each token those behind it and nothing else, whatever the ids are."""
    session = onnxruntime.InferenceSession(_mask_graph(graph, mask).SerializeToString(), providers=["CPUExecutionProvider"])
    if len(session.get_inputs()) != 1 or len(session.get_inputs()[0].shape) != 2 or session.get_inputs()[0].type not in INTEGERS:
        return False
    (ids,) = session.get_inputs()
    for sizes in SAMPLE_SIZES:
        shape = [own if isinstance(own, int) else size for own, size in zip(ids.shape, sizes)]
        (found,) = session.run(None, {ids.name: np.arange(np.prod(shape)).reshape(shape).astype(INTEGERS[ids.type])})
        ahead = np.triu(np.ones((shape[1], shape[1]), bool), 1)
        if found.shape[-2:] != ahead.shape or (found[..., ahead] > HIDDEN).any() or found[..., ~ahead].any():
            return False
    return True


def use_causal_attention(graph: Graph) -> None:
    """Attention whose mask is the causal one gets none and looks back by itself."""
    known: dict[str, bool] = {}
    for node in graph.nodes:
        mask = node.input[5] if node.op_type == "MultiHeadAttention" and len(node.input) > 5 else ""
        if mask and mask not in known:
            known[mask] = _is_causal(graph, mask)
        if known.get(mask):
            del node.input[3:]
            node.attribute.append(helper.make_attribute("unidirectional", 1))
    graph.index()


def merge_projections(graph: Graph) -> None:
    """Matrices of one size, each with its bias, that multiply the same value become one that is split behind it."""
    for name in list(graph.readers):
        ends = [graph.reader(node.output[0], "Add") for node in graph.readers.get(name, []) if node.op_type == "MatMul" and node.input[0] == name]
        pairs = [(graph.maker(parts[0], "MatMul"), parts[1], end) for end in ends if (parts := graph.with_constant(end))]
        weights = [graph.array(matrix.input[1]) for matrix, _, _ in pairs]
        if len(pairs) < 2 or any(weight is None or weight.shape != weights[0].shape for weight in weights):
            continue
        merged = f"{pairs[0][0].name}.merged"
        weight = graph.add(f"{merged}.weight", np.concatenate(weights, axis=1))
        bias = graph.add(f"{merged}.bias", np.concatenate([graph.array(one) for _, one, _ in pairs]))
        sizes = graph.add(f"{merged}.sizes", np.full(len(pairs), weights[0].shape[1], np.int64))
        first, *others = sorted((end for _, _, end in pairs), key=graph.nodes.index)
        new = [
            helper.make_node("MatMul", [name, weight], [f"{merged}.product"], merged),
            helper.make_node("Add", [f"{merged}.product", bias], [f"{merged}.sum"], f"{merged}.add"),
            helper.make_node("Split", [f"{merged}.sum", sizes], [end.output[0] for _, _, end in pairs], f"{merged}.split", axis=-1),
        ]
        graph.replace(first, new)
        for other in others:
            graph.replace(other, [])


def _is_row_wise(graph: Graph, node: NodeProto) -> bool:
    """Whether the node does the same to a row alone as to one of many."""
    sizes = [array.ndim for name in node.input if (array := graph.array(name)) is not None]
    if node.op_type == "MatMul":
        return sizes == [2] and node.input[1] in graph.constants
    fits = node.op_type != "LayerNormalization" or helper.get_node_attr_value(node, "axis") == -1
    return fits and node.op_type in ROW_WISE and len(node.output) == 1 and max(sizes, default=0) < 2


def _nodes_for(graph: Graph, source: str, taker: str) -> list[NodeProto]:
    """The row-wise nodes that make `source` and nothing else, which only `taker` reads."""
    nodes, wanted, known = [], {source}, {taker}
    for node in reversed(graph.nodes):
        made = node.output[0]
        readers = [reader for reader in graph.readers.get(made, []) if made != source or reader.op_type != "Shape"]
        if made in wanted - graph.outputs and known.issuperset(reader.output[0] for reader in readers) and _is_row_wise(graph, node):
            nodes.insert(0, node)
            known.add(made)
            wanted.update(node.input)
    return nodes


def take_rows_early(graph: Graph) -> None:
    """Where only one row of each text or picture is taken in the end, the last attention's other rows go no further."""
    for gather in [node for node in graph.nodes if node.op_type == "Gather"]:
        flat = graph.maker(gather.input[0], "Flatten")
        path, axes = ([gather], [1]) if flat is None else ([flat, gather], [2, 0])
        source = path[0].input[0]
        nodes = _nodes_for(graph, source, path[0].output[0])
        needed = {name for node in nodes for name in node.input} - {node.output[0] for node in nodes} - set(graph.constants)
        attention = next((node for name in needed if (node := graph.maker(name, "MultiHeadAttention"))), None)
        if attention is None or len(needed) != 2 or axes != [helper.get_node_attr_value(node, "axis") for node in path]:
            continue
        (other,) = needed.difference(attention.output)
        # It must have the attention's rows, and the width of what is taken: its shape is read in the place of that.
        (_, same_rows), (_, as_wide) = graph.behind({attention.input[0]}, ROW_WISE | {"MatMul", "Split"}), graph.behind({source}, ROW_WISE)
        if other not in same_rows & as_wide:
            continue
        new, end = [], "" if flat is None else ".flat"
        for name in (attention.output[0], other):
            new += [helper.make_node("Flatten", [name], [f"{name}.flat"], axis=2)] if flat is not None else []
            new.append(helper.make_node("Gather", [f"{name}{end}", gather.input[1]], [f"{name}.taken"], axis=axes[-1]))
        for shape in [node for node in graph.readers[source] if node.op_type == "Shape"]:
            shape.input[0] = other
        for node in nodes:
            node.input[:] = [f"{name}.taken" if name in needed else name for name in node.input]
        nodes[-1].output[0] = gather.output[0]
        graph.nodes = [node for node in graph.nodes if node not in nodes]
        graph.replace(gather, [*new, *nodes])


def simplify(model: onnx.ModelProto) -> onnx.ModelProto:
    """What ONNX Runtime's own rewrites make of the graph, without any that is for one machine."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 3
    with tempfile.TemporaryDirectory() as directory:
        source, target = Path(directory) / "source.onnx", Path(directory) / "target.onnx"
        onnx.save(model, source, save_as_external_data=True, location="source.data")
        options.optimized_model_filepath = str(target)
        options.add_session_config_entry("session.optimized_model_external_initializers_file_name", "target.data")
        onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
        return onnx.load(target)


def fused(model: onnx.ModelProto) -> Graph:
    graph = Graph(simplify(model))
    fuse_attention(graph)
    use_causal_attention(graph)
    merge_projections(graph)
    take_rows_early(graph)
    return graph
