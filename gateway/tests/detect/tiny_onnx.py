"""Makes classifiers that are small enough for a test, and real: one word is what they look for."""

import json
from pathlib import Path
from typing import Any

from gatepost_gateway.detect.onnx import Model

WORDS = ("[PAD]", "[UNK]", "evil", "please", "do", "something")
EVIL = WORDS.index("evil")


def tiny(folder: Path, *, outputs: int = 2, spins: int = 0, extra_input: str = "", base: float = 8.0) -> Model:
    """A model that is nearly sure of a text with the word `evil` in it. `spins`: times that it counts for nothing."""
    model = folder / f"model-{outputs}-{spins}{extra_input}.onnx"
    model.write_bytes(_graph(outputs, spins, extra_input, base))
    tokenizer = folder / "tokenizer.json"
    vocabulary = {word: number for number, word in enumerate(WORDS)}
    tokenizer.write_text(
        json.dumps(
            {
                "version": "1.0",
                "added_tokens": [],
                "normalizer": {"type": "Lowercase"},
                "pre_tokenizer": {"type": "Whitespace"},
                "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "[UNK]"},
            }
        )
    )
    labels = ("FINE", "EVIL")[-outputs:]
    return Model(str(model), str(tokenizer), labels, ("EVIL",), max_tokens=16)


def _graph(outputs: int, spins: int, extra_input: str, base: float) -> bytes:
    from onnx import TensorProto, helper

    ids = helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["n", "t"])
    mask = helper.make_tensor_value_info("attention_mask", TensorProto.INT64, ["n", "t"])
    more = [helper.make_tensor_value_info(extra_input, TensorProto.INT64, ["n"])] if extra_input else []
    constants = [
        helper.make_tensor("evil", TensorProto.INT64, [1], [EVIL]),
        helper.make_tensor("axis", TensorProto.INT64, [1], [1]),
        helper.make_tensor("slope", TensorProto.FLOAT, [outputs], [-16.0, 16.0][-outputs:]),
        helper.make_tensor("base", TensorProto.FLOAT, [outputs], [base, -base][-outputs:]),
        helper.make_tensor("spins", TensorProto.INT64, [], [spins]),
        helper.make_tensor("yes", TensorProto.BOOL, [], [True]),
        helper.make_tensor("zero", TensorProto.FLOAT, [1], [0.0]),
    ]
    nodes = [
        helper.make_node("Equal", ["input_ids", "evil"], ["is_evil"]),
        helper.make_node("Cast", ["is_evil"], ["counted"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMax", ["counted", "axis"], ["there"], keepdims=1),
        helper.make_node("Mul", ["there", "slope"], ["sloped"]),
        helper.make_node("Loop", ["spins", "yes", "zero"], ["spun"], body=_body(helper, TensorProto)),
        helper.make_node("Add", ["sloped", "base"], ["raised"]),
        helper.make_node("Add", ["raised", "spun"], ["logits"]),
    ]
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", outputs])
    graph = helper.make_graph(nodes, "tiny", [ids, mask, *more], [logits], constants)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return made.SerializeToString()


def _body(helper: Any, tensor: Any) -> Any:
    """Goes on, and gives the same number."""
    return helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["going"]),
            helper.make_node("Mul", ["sum", "sum"], ["summed"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("turn", tensor.INT64, []),
            helper.make_tensor_value_info("go", tensor.BOOL, []),
            helper.make_tensor_value_info("sum", tensor.FLOAT, [1]),
        ],
        [
            helper.make_tensor_value_info("going", tensor.BOOL, []),
            helper.make_tensor_value_info("summed", tensor.FLOAT, [1]),
        ],
    )
