"""A policy as an ONNX model, for other runtimes: the same numbers in, log-probabilities and value out.

Inputs: `observation`, float32 [rows, inputs], and `action_mask`, bool [rows, options], true where an option is allowed;
at least one must be. Outputs: `log_probs`, float32 [rows, options], minus infinity where masked, and `value`, float32
[rows]. The model is plain operators of opset 17, and its metadata holds the policy's identity.
"""

from pathlib import Path
from typing import Any, Final

import numpy as np

from eventlog.folder import disk
from townlet.errors import PolicyMisfit, TownletError
from townlet.policies.file import ENTRY, Policy

OPSET: Final = 17
"""The set of operators that the model asks for: of 2022, which every present runtime has."""

IR_VERSION: Final = 8


def write_onnx(policy: Policy, path: Path) -> None:
    """Write a policy as an ONNX model, atomically.

    Raises PolicyMisfit for a kind other than mlp, TownletError without the package onnx, OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    disk.replace_file(path, onnx_model(policy).SerializeToString())


def onnx_model(policy: Policy) -> Any:
    """The model, an `onnx.ModelProto` that its checker accepts. Raises as `write_onnx` does."""
    if policy.identity.kind != "mlp":
        raise PolicyMisfit(
            f"the policy {policy.name} is of kind {policy.identity.kind}, and only mlp is exported to ONNX: "
            "train one with network.kind: mlp"
        )
    try:
        from onnx import TensorProto, checker, helper, numpy_helper
    except ImportError as error:
        raise TownletError("this needs onnx, which is not installed. Next: pip install 'townlet[onnx]'") from error
    tensors, options = policy.tensors, len(policy.identity.actions)
    heads = np.concatenate([tensors["actor.weight"], tensors["critic.weight"]])
    bias = np.concatenate([tensors["actor.bias"], tensors["critic.bias"]])
    weights = {
        "w1": tensors["trunk.0.weight"],
        "b1": tensors["trunk.0.bias"],
        "w2": tensors["trunk.2.weight"],
        "b2": tensors["trunk.2.bias"],
        "w3": heads,
        "b3": bias,
        "masked": np.array(-np.inf, "f4"),
        "sizes": np.array([options, 1], "i8"),
        "last": np.array([1], "i8"),
    }
    nodes = [
        helper.make_node("Gemm", ["observation", "w1", "b1"], ["sums1"], transB=1),
        helper.make_node("Relu", ["sums1"], ["hidden1"]),
        helper.make_node("Gemm", ["hidden1", "w2", "b2"], ["sums2"], transB=1),
        helper.make_node("Relu", ["sums2"], ["hidden2"]),
        helper.make_node("Gemm", ["hidden2", "w3", "b3"], ["heads"], transB=1),
        helper.make_node("Split", ["heads", "sizes"], ["logits", "values"], axis=1),
        helper.make_node("Where", ["action_mask", "logits", "masked"], ["allowed"]),
        helper.make_node("LogSoftmax", ["allowed"], ["log_probs"], axis=1),
        helper.make_node("Squeeze", ["values", "last"], ["value"]),
    ]
    graph = helper.make_graph(
        nodes,
        "townlet_policy",
        [
            helper.make_tensor_value_info("observation", TensorProto.FLOAT, ["rows", policy.inputs]),
            helper.make_tensor_value_info("action_mask", TensorProto.BOOL, ["rows", options]),
        ],
        [
            helper.make_tensor_value_info("log_probs", TensorProto.FLOAT, ["rows", options]),
            helper.make_tensor_value_info("value", TensorProto.FLOAT, ["rows"]),
        ],
        [numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="townlet")
    model.ir_version = IR_VERSION
    helper.set_model_props(model, {ENTRY: policy.identity.model_dump_json()})
    checker.check_model(model, full_check=True)
    return model
