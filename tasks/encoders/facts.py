"""What the manifest of an encoder says about it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tasks.store.facts import Facts

Pooling = Literal["mean", "first", "max"]
Activation = Literal["gelu", "gelu-tanh", "relu"]


class EncoderFacts(Facts):
    """A pretrained encoder: the name of its folder, the hash of its file of weights, and what it is made of.

    It has `num_layers` blocks of attention with `num_heads` heads, each followed by a layer of `inner_dim` units, and
    its vectors have `dim` numbers. It reads at most `most_tokens` tokens. `pooling` says how the vectors of tokens
    become that of the text: their mean, the first one, or their maxima. `dropout` and `attention_dropout` are those of
    its training. `num_params` counts all numbers that are used to read texts of the full length: not those of a pooler
    on top of the first token, nor those of a second segment.
    """

    name: str
    sha256: str
    architecture: str
    pooling: Pooling
    activation: Activation
    vocab_size: int
    most_tokens: int
    dim: int
    num_layers: int
    num_heads: int
    inner_dim: int
    epsilon: float
    dropout: float
    attention_dropout: float
    num_params: int

    def describe(self) -> str:
        """Describe it in a phrase: "mini (bert, 6 layers, vectors of 384 numbers, 22,564,608 parameters)"."""
        return (
            f"{self.name} ({self.architecture}, {self.num_layers} layers, vectors of {self.dim:,} numbers, "
            f"{self.num_params:,} parameters)"
        )


@dataclass(frozen=True)
class Pretrained:
    """An encoder as a model begins with it: what it is made of, and the file of its weights."""

    facts: EncoderFacts
    weights: Path
