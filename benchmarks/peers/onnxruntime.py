"""ONNX Runtime: prediction only, with a graph that uses ONNX's LSTM operator."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from benchmarks.peers import Candidate
from benchmarks.problem import one_hot, problem

OPSET = 17


def forward(job, n_threads):
    """Outputs of a batch of windows (T, B, C)."""
    inputs, _ = problem(job)
    if job["one_hot"]:
        inputs = one_hot(inputs, job["inputs"])
    inputs = np.ascontiguousarray(inputs[0].swapaxes(0, 1))
    session = _session(_graph(job), n_threads)
    return [Candidate("LSTM operator", lambda: session.run(None, {"inputs": inputs}))]


predict = forward


def _session(model, n_threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = n_threads, 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def _graph(job):
    """LSTM layers, each followed by a Squeeze of the axis of directions, and a Gemm on the last hidden state."""
    random, nodes, weights = np.random.RandomState(0), [], []

    def weight(name, *shape):
        weights.append(numpy_helper.from_array(random.uniform(-0.1, 0.1, shape).astype(np.float32), name))
        return name

    hidden, n_inputs, source = job["hidden"], job["inputs"], "inputs"
    weights.append(numpy_helper.from_array(np.array([1]), "axis_1"))
    weights.append(numpy_helper.from_array(np.array([0]), "axis_0"))
    for k in range(job["layers"]):
        names = [
            weight(f"w{k}", 1, 4 * hidden, n_inputs),
            weight(f"r{k}", 1, 4 * hidden, hidden),
            weight(f"b{k}", 1, 8 * hidden),
        ]
        nodes.append(helper.make_node("LSTM", [source, *names], [f"all{k}", f"last{k}"], hidden_size=hidden))
        source, n_inputs = f"sequence{k}", hidden
        if k < job["layers"] - 1:
            nodes.append(helper.make_node("Squeeze", [f"all{k}", "axis_1"], [source]))
    nodes.append(helper.make_node("Squeeze", [f"last{job['layers'] - 1}", "axis_0"], ["last"]))
    head = ["last", weight("w_out", hidden, job["outputs"]), weight("b_out", job["outputs"])]
    nodes.append(helper.make_node("Gemm", head, ["outputs"]))
    shape = [job["steps"], job["batch"], job["inputs"]]
    given = helper.make_tensor_value_info("inputs", TensorProto.FLOAT, shape)
    wanted = helper.make_tensor_value_info("outputs", TensorProto.FLOAT, [job["batch"], job["outputs"]])
    graph = helper.make_graph(nodes, "lstm", [given], [wanted], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    onnx.checker.check_model(model)
    return model
