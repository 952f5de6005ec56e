"""An ensemble as one ONNX graph: the graphs of its members side by side, and the weighted sum of what they say."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnx.version_converter
from onnx import ModelProto, TensorProto, compose, helper

from tasks.evaluate.calibration import SMALLEST
from tasks.evaluate.fast import ONNX_MODEL, Part
from tasks.evaluate.onnx_network import INPUT, OUTPUT
from tasks.export.ngram_graph import IR_VERSION, OPSET, Graph


def merge_parts(folder: Path, parts: Sequence[Part]) -> ModelProto:
    """Merge the graphs of the members, which are under `folder`; an input has the name of its member.

    The probabilities are those of `tasks.evaluate.ensemble.combine`.
    """
    members = [isolate(onnx.load(folder / part.name(ONNX_MODEL)), str(part.member)) for part in parts]
    graph = Graph()
    floor, ceiling = graph.hold(SMALLEST, np.float64), graph.hold(1.0, np.float64)
    weighed = []
    for part, member in zip(parts, members, strict=True):
        exact = graph.add("Cast", member.graph.output[0].name, to=TensorProto.DOUBLE)
        logarithms = graph.add("Log", graph.add("Clip", exact, floor, ceiling))
        weighed.append(graph.add("Mul", logarithms, graph.hold(part.weight, np.float64)))
    graph.add("Softmax", graph.add("Sum", *weighed), name=OUTPUT, axis=1)
    shape = [dim.dim_param or dim.dim_value for dim in members[0].graph.output[0].type.tensor_type.shape.dim]
    made = helper.make_graph(
        [node for member in members for node in member.graph.node] + graph.nodes,
        "ensemble",
        [given for member in members for given in member.graph.input],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.DOUBLE, shape)],
        [constant for member in members for constant in member.graph.initializer] + graph.constants,
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)


def isolate(model: ModelProto, member: str) -> ModelProto:
    """Raise a graph to the common version of ONNX's operators, and give all its names the name of the member.

    The input is called after the member.
    """
    if model.opset_import[0].version != OPSET:
        model = onnx.version_converter.convert_version(model, OPSET)
    prefixed = compose.add_prefix(model, f"{member}/")
    old = f"{member}/{INPUT}"
    for given in prefixed.graph.input:
        given.name = member if given.name == old else given.name
    for node in prefixed.graph.node:
        node.input[:] = [member if name == old else name for name in node.input]
    return prefixed
