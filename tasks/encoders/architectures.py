"""The table of architectures: add a row to take in another one whose blocks are those of BERT.

A row says how a folder of the `transformers` library names what an encoder is made of: the keys of config.json, and the
names of the weights, in which {} stands for the number of a block.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from tasks.encoders.facts import Activation

BERT_KEYS: Final = MappingProxyType(
    {
        "dim": "hidden_size",
        "num_layers": "num_hidden_layers",
        "num_heads": "num_attention_heads",
        "inner_dim": "intermediate_size",
        "activation": "hidden_act",
        "dropout": "hidden_dropout_prob",
        "attention_dropout": "attention_probs_dropout_prob",
        "epsilon": "layer_norm_eps",
    }
)
# What the blocks of an encoder consist of: each has a kernel or a scale, called weight, and a bias.
BERT_PARTS: Final = MappingProxyType(
    {
        "query": "encoder.layer.{}.attention.self.query",
        "key": "encoder.layer.{}.attention.self.key",
        "value": "encoder.layer.{}.attention.self.value",
        "attended": "encoder.layer.{}.attention.output.dense",
        "attended_norm": "encoder.layer.{}.attention.output.LayerNorm",
        "inner": "encoder.layer.{}.intermediate.dense",
        "outer": "encoder.layer.{}.output.dense",
        "outer_norm": "encoder.layer.{}.output.LayerNorm",
    }
)
# The values of config.json that are left out where they are the usual ones.
USUAL: Final[Mapping[str, object]] = MappingProxyType(
    {"activation": "gelu", "dropout": 0.1, "attention_dropout": 0.1, "epsilon": 1e-12}
)
ACTIVATIONS: Final[Mapping[str, Activation]] = MappingProxyType(
    {"gelu": "gelu", "gelu_new": "gelu-tanh", "gelu_pytorch_tanh": "gelu-tanh", "relu": "relu"}
)


class Architecture(NamedTuple):
    """An architecture of the `transformers` library.

    `prefix` begins the names of the weights in a model with a head. `has_types` says whether a vector for the first
    segment is added to those of all tokens. Places are counted from `first_place`. `pad_id` is the usual one.
    """

    prefix: str
    keys: Mapping[str, str] = BERT_KEYS
    parts: Mapping[str, str] = BERT_PARTS
    has_types: bool = True
    first_place: int = 0
    pad_id: int = 0


_ROBERTA: Final = Architecture(prefix="roberta.", first_place=2, pad_id=1)

ARCHITECTURES: Final[Mapping[str, Architecture]] = MappingProxyType(
    {
        "bert": Architecture(prefix="bert."),
        "distilbert": Architecture(
            prefix="distilbert.",
            has_types=False,
            keys={
                "dim": "dim",
                "num_layers": "n_layers",
                "num_heads": "n_heads",
                "inner_dim": "hidden_dim",
                "activation": "activation",
                "dropout": "dropout",
                "attention_dropout": "attention_dropout",
                "epsilon": "layer_norm_eps",
            },
            parts={
                "query": "transformer.layer.{}.attention.q_lin",
                "key": "transformer.layer.{}.attention.k_lin",
                "value": "transformer.layer.{}.attention.v_lin",
                "attended": "transformer.layer.{}.attention.out_lin",
                "attended_norm": "transformer.layer.{}.sa_layer_norm",
                "inner": "transformer.layer.{}.ffn.lin1",
                "outer": "transformer.layer.{}.ffn.lin2",
                "outer_norm": "transformer.layer.{}.output_layer_norm",
            },
        ),
        "roberta": _ROBERTA,
        "xlm-roberta": _ROBERTA,
        "camembert": _ROBERTA,
    }
)
