"""ONNX Runtime: a graph of one step, with the state carried outside, and a graph of the whole text, with `Scan`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnxruntime
from onnx import GraphProto, NodeProto, TensorProto, helper, numpy_helper

from benchmarks.peers import Candidate
from benchmarks.peers.stream import noise, random_weights

ONNX_GATES = (0, 3, 1, 2)  # input, output, forget, candidate, from the order used here
node = helper.make_node


def stream(job: dict[str, Any], n_threads: int) -> list[Candidate]:
    """The `LSTM` operator, and gates written out so that a one-hot input is a row of a table; on 1 and all threads."""
    weights = random_weights(job["hidden"], job["vocabulary"])
    cells = {"LSTM operator": _operator(weights), "gates written out": _written_out(weights)}
    return [
        Candidate(f"{name}, {way}, threads: {n}", make(job, cell, n), job["length"])
        for name, cell in cells.items()
        for way, make in {"step by step": _steps, "Scan": _scan}.items()
        for n in sorted({1, n_threads})
    ]


class _Cell:
    """Nodes from code, hidden, cell and added to code_next, hidden_next and cell_next, with their constants."""

    def __init__(self, nodes: list[NodeProto], constants: dict[str, np.ndarray], state_shape: list[int]) -> None:
        self.nodes, self.state_shape = nodes, state_shape
        self.constants = [numpy_helper.from_array(np.ascontiguousarray(array), k) for k, array in constants.items()]

    def infos(self, suffix: str) -> list[Any]:
        """Types of code, hidden and cell."""
        return [
            helper.make_tensor_value_info("code" + suffix, TensorProto.INT64, [1]),
            helper.make_tensor_value_info("hidden" + suffix, TensorProto.FLOAT, self.state_shape),
            helper.make_tensor_value_info("cell" + suffix, TensorProto.FLOAT, self.state_shape),
        ]

    def first(self, suffix: str) -> dict[str, np.ndarray]:
        """Return an initial state."""
        zeros = np.zeros(self.state_shape, np.float32)
        return {"code" + suffix: np.zeros(1, np.int64), "hidden" + suffix: zeros, "cell" + suffix: zeros}


def _operator(weights: dict[str, np.ndarray]) -> _Cell:
    def onnx_order(array: np.ndarray) -> np.ndarray:
        gates = np.split(array, 4, -1)
        return np.concatenate([gates[k] for k in ONNX_GATES], -1)

    vocabulary, hidden = len(weights["w_in"]), len(weights["w_rec"])
    bias = onnx_order(weights["bias"])
    nodes = [
        node("Gather", ["one_hot", "code"], ["row"]),
        node("Unsqueeze", ["row", "axis"], ["input"]),
        node(
            "LSTM", ["input", "W", "R", "B", "", "hidden", "cell"], ["", "hidden_next", "cell_next"], hidden_size=hidden
        ),
        node("Squeeze", ["hidden_next", "axis"], ["features"]),
        *_choose("features"),
    ]
    constants = {
        "one_hot": np.eye(vocabulary, dtype=np.float32),
        "axis": np.zeros(1, np.int64),
        "W": onnx_order(weights["w_in"]).T[None],
        "R": onnx_order(weights["w_rec"]).T[None],
        "B": np.concatenate([bias, np.zeros_like(bias)])[None],
    }
    return _Cell(nodes, constants | {"w_out": weights["w_out"], "b_out": weights["b_out"]}, [1, 1, hidden])


def _written_out(weights: dict[str, np.ndarray]) -> _Cell:
    nodes = [
        node("Gather", ["table", "code"], ["row"]),
        node("Gemm", ["hidden", "w_rec", "row"], ["sums"]),
        node("Split", ["sums"], ["a", "b", "c", "d"], axis=1, num_outputs=4),
        node("Sigmoid", ["a"], ["enter"]),
        node("Sigmoid", ["b"], ["forget"]),
        node("Tanh", ["c"], ["candidate"]),
        node("Sigmoid", ["d"], ["leave"]),
        node("Mul", ["forget", "cell"], ["kept"]),
        node("Mul", ["enter", "candidate"], ["new"]),
        node("Add", ["kept", "new"], ["cell_next"]),
        node("Tanh", ["cell_next"], ["squashed"]),
        node("Mul", ["leave", "squashed"], ["hidden_next"]),
        *_choose("hidden_next"),
    ]
    constants = {"table": weights["w_in"] + weights["bias"]} | {k: weights[k] for k in ("w_rec", "w_out", "b_out")}
    return _Cell(nodes, constants, [1, len(weights["w_rec"])])


def _choose(features: str) -> list[NodeProto]:
    return [
        node("Gemm", [features, "w_out", "b_out"], ["logits"]),
        node("Add", ["logits", "added"], ["scores"]),
        node("ArgMax", ["scores"], ["code_next"], axis=1, keepdims=0),
    ]


def _steps(job: dict[str, Any], cell: _Cell, n_threads: int) -> Callable[[], list[int]]:
    """One step per call, with the states going out and in."""
    added_info = helper.make_tensor_value_info("added", TensorProto.FLOAT, [1, job["vocabulary"]])
    graph = helper.make_graph(cell.nodes, "step", [*cell.infos(""), added_info], cell.infos("_next"), cell.constants)
    session, names = _session(graph, n_threads), ["code_next", "hidden_next", "cell_next"]

    def write() -> list[int]:
        added, codes, inputs = noise(job), [], cell.first("")
        for t in range(job["length"]):
            code, hidden, state = session.run(names, inputs | {"added": added[t : t + 1]})
            inputs = {"code": code, "hidden": hidden, "cell": state}
            codes.append(int(code[0]))
        return codes

    return write


def _scan(job: dict[str, Any], cell: _Cell, n_threads: int) -> Callable[[], np.ndarray]:
    """The loop over the text is part of the graph."""
    row = helper.make_tensor_value_info("added_row", TensorProto.FLOAT, [job["vocabulary"]])
    written = helper.make_tensor_value_info("written", TensorProto.INT64, [1])
    nodes = [
        node("Unsqueeze", ["added_row", "first"], ["added"]),
        *cell.nodes,
        node("Identity", ["code_next"], ["written"]),
    ]
    body = helper.make_graph(nodes, "body", [*cell.infos(""), row], [*cell.infos("_next"), written])
    inputs, outputs = ["code_0", "hidden_0", "cell_0", "all_added"], ["code_n", "hidden_n", "cell_n", "codes"]
    added_info = helper.make_tensor_value_info("all_added", TensorProto.FLOAT, [job["length"], job["vocabulary"]])
    codes_info = helper.make_tensor_value_info("codes", TensorProto.INT64, [job["length"], 1])
    first = numpy_helper.from_array(np.zeros(1, np.int64), "first")
    loop = node("Scan", inputs, outputs, body=body, num_scan_inputs=1)
    graph = helper.make_graph([loop], "text", [*cell.infos("_0"), added_info], [codes_info], [*cell.constants, first])
    session = _session(graph, n_threads)
    return lambda: session.run(["codes"], cell.first("_0") | {"all_added": noise(job)})[0]


def _session(graph: GraphProto, n_threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = n_threads, 1
    options.log_severity_level = 3
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
