"""The settings of variants that tuning tries."""

from typing import Any, Final

from tasks.space.ranges import Range, Space, Value, include
from tasks.train.own import list_options
from tasks.train.variants import Variant

LEARNING_RATES: Final = {
    "adam": Range(low=3e-4, high=1e-2, log=True),
    "adagrad": Range(low=0.01, high=0.2, log=True),
}


def list_usual(row: Variant) -> dict[str, Value]:
    """List the fields of a variant that may be varied, with its values; those of its encoding have a dot."""
    encoding = row.own_encoding
    return {
        "learning_rate": row.learning_rate,
        "batch_size": row.batch_size,
        "dropout": row.dropout,
        "embedding_dropout": row.embedding_dropout,
        "embedding_dim": row.embedding_dim,
        "hidden": row.hidden,
        "mask": row.mask,
        "optimizer": row.optimizer,
        "encoding.length": encoding.length,
        "encoding.vocab_size": encoding.vocab_size,
        **list_options(row),
        **row.options,
    }


def list_variant_space(row: Variant) -> Space:
    """List what is tried for a variant: its own space, or the usual one; its own values belong to it in any case."""
    usual = list_usual(row)
    space = make_space(row, usual) if row.space is None else row.space
    return include({name: values for name, values in space.items() if name not in row.fixed}, usual)


def make_space(row: Variant, usual: dict[str, Any]) -> Space:
    """Make the usual space of a variant: around the values that it has, with longer texts and with dropout."""
    length, vocab_size = usual["encoding.length"], usual["encoding.vocab_size"]
    width, size = usual["embedding_dim"], usual["batch_size"]
    return {
        "learning_rate": LEARNING_RATES[row.optimizer],
        "batch_size": (size, 2 * size, 4 * size),
        "dropout": Range(low=0, high=0.5),
        "embedding_dropout": Range(low=0, high=0.5),
        "embedding_dim": (width, 2 * width, 4 * width),
        "encoding.length": (length, 2 * length, 3 * length),
        "encoding.vocab_size": (vocab_size // 2, vocab_size, 2 * vocab_size),
        **{name: (max(1, usual[name] // 2), usual[name], 2 * usual[name]) for name in list_options(row)},
    }
