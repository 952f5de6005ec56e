"""Variants of one's own: a variant of the table with some fields changed, or one that an installed package brings."""

import inspect
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final, Literal

from pydantic import ConfigDict, Field, JsonValue, model_validator

from tasks.encode.encodings import ENCODINGS, OF_WORDS, PRETRAINED, Encoding, FittedKind, adapt_encoding
from tasks.errors import UserError, did_you_mean
from tasks.space.ranges import OwnSpace
from tasks.store.facts import Definition
from tasks.train.variants import OWN_GROUP, VARIANTS, Variant

# Installed packages bring variants under this name.
ENTRY_POINTS: Final = "sequence_bakeoff.variants"
MOST_UNITS: Final = 65_536
# Fields of the definition that are not fields of the variant by the same name.
SPECIAL: Final = {"base", "encoding", "description", "space"}


class OwnEncoding(Definition):
    """How a variant's text is encoded, in what differs from its base."""

    name: str | None = Field(default=None, description="a row of the table of encodings, to start from")
    kind: FittedKind | None = Field(default=None, description="the kind of tokens")
    vocab_size: int | None = Field(default=None, ge=300, le=1_000_000, description="how many tokens are known")
    length: int | None = Field(default=None, ge=10, le=100_000, description="how many tokens of a text are read")

    @model_validator(mode="before")
    @classmethod
    def read(cls, content: Any) -> Any:
        """Accept the name of an encoding."""
        return {"name": content} if isinstance(content, str) else content


class OwnVariant(Definition):
    """A variant of one's own: the fields that differ from its base. Any other field is a size of the base's layers."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, JsonValue]

    base: str = Field(description="the variant to start from")
    description: str | None = Field(default=None, min_length=1, description="what the help and the report say of it")
    encoding: OwnEncoding | None = Field(
        default=None, description="how text is encoded: the name of an encoding, or name, kind, vocab_size and length"
    )
    embedding_dim: int | None = Field(default=None, ge=1, le=MOST_UNITS, description="how long a word vector is")
    hidden: int | None = Field(
        default=None, ge=0, le=MOST_UNITS, description="how many units the dense layer before the head has, 0 for none"
    )
    dropout: float | None = Field(
        default=None, ge=0, lt=1, description="the share of the values dropped in training before that layer"
    )
    embedding_dropout: float | None = Field(
        default=None, ge=0, lt=1, description="the share of the numbers dropped in training from word vectors"
    )
    word_dropout: float | None = Field(
        default=None, ge=0, lt=1, description="the share of the words left out in an epoch, as if they were padding"
    )
    is_student: bool | None = Field(
        default=None, description="whether it learns from texts without labels what the best other models say of them"
    )
    vectors: Literal["frozen", "fine-tuned"] | None = Field(
        default=None,
        description="what becomes of word vectors that begin as those of --vectors: frozen, which stay as they are, or "
        "fine-tuned",
    )
    mask: bool | None = Field(default=None, description="whether the layers skip padding")
    batch_size: int | None = Field(default=None, ge=1, le=65_536, description="how many texts an update is made from")
    evaluations_per_epoch: int | None = Field(
        default=None, ge=1, le=1_000, description="how often it is evaluated on validation in each epoch"
    )
    learning_rate: float | None = Field(default=None, gt=0, le=10, description="the step size of the optimizer")
    epochs: int | None = Field(default=None, ge=1, le=1_000, description="how many epochs it is trained for at most")
    schedule: Literal["cosine"] | None = Field(
        default=None,
        description="how the learning rate changes: cosine, which rises in the first tenth of the updates and then "
        "falls to 0 along a cosine",
    )
    clip_norm: float | None = Field(
        default=None, gt=0, le=1_000, description="the bound of the norm of all gradients together"
    )
    optimizer: Literal["adam", "adagrad"] | None = Field(
        default=None, description="what makes the updates: adam or adagrad"
    )
    quantize: Literal["int8", "none"] | None = Field(
        default=None,
        description="how the word vectors of the finished model are stored: int8 or none, which keeps 32 bits",
    )
    space: OwnSpace | None = Field(
        default=None, description="what tuning tries: for each field a list of values, or a table of low, high and log"
    )


@cache
def list_variants() -> dict[str, Variant]:
    """List the variants of the table and those of installed packages; raises UserError for a package's fault."""
    found = dict(VARIANTS)
    for entry in entry_points(group=ENTRY_POINTS):
        if entry.name in found:
            raise UserError(f"{describe_entry(entry)} has the name of another variant; expected one of its own.")
        found[entry.name] = load_variant(entry)
    return found


def load_variant(entry: EntryPoint) -> Variant:
    """Import the variant that an entry point names; raises UserError when there is none."""
    try:
        row = entry.load()
    except Exception as error:
        raise UserError(
            f"{describe_entry(entry)} cannot be loaded: {type(error).__name__}: {error}; expected a Variant of "
            "tasks.train.variants. Repair that package, or uninstall it."
        ) from error
    if not isinstance(row, Variant) or row.name != entry.name:
        raise UserError(
            f"{describe_entry(entry)} is {type(row).__name__} {getattr(row, 'name', '')}; expected a Variant of "
            f"tasks.train.variants named {entry.name!r}. Repair that package, or uninstall it."
        )
    if row.reads is None and row.encoding not in ENCODINGS:
        raise UserError(
            f"{describe_entry(entry)} has the unknown encoding {row.encoding!r}; expected one of "
            f"{', '.join(ENCODINGS)}. Repair that package, or uninstall it."
        )
    if bool(row.encoder) != (row.own_encoding.kind == PRETRAINED):
        raise UserError(
            f"{describe_entry(entry)} reads {row.own_encoding.kind}; expected the kind pretrained of one that begins "
            "with an encoder, and of no other. Repair that package, or uninstall it."
        )
    if row.vectors and row.own_encoding.kind not in OF_WORDS:
        raise UserError(
            f"{describe_entry(entry)} begins with vectors of words, and reads {row.own_encoding.kind}; expected an "
            f"encoding of the kind {' or '.join(sorted(OF_WORDS))}. Repair that package, or uninstall it."
        )
    return replace(row, group=OWN_GROUP, fixed=fix_width(row, {}) if row.vectors else row.fixed)


def describe_entry(entry: EntryPoint) -> str:
    """Say which variant of which package it is."""
    package = f" of the package {entry.dist.name}" if entry.dist else ""
    return f"the variant {entry.name!r}{package}"


def derive_variant(name: str, own: OwnVariant) -> Variant:
    """Make a variant of one's own from its base; raises ValueError for an unknown base, field or encoding."""
    table = list_variants()
    if own.base not in table:
        raise ValueError(
            f"unknown base {own.base!r}; expected one of {', '.join(table)}.{did_you_mean(own.base, table)}"
        )
    base = table[own.base]
    options = {**base.options, **check_options(base, own.__pydantic_extra__ or {})}
    usual = list_options(base)
    fields = {
        field: getattr(own, field) for field in own.model_fields_set - SPECIAL if field in OwnVariant.model_fields
    }
    if base.vectors or fields.get("vectors"):
        fields["fixed"] = fix_width(base, fields)
    if fixed := [name for name in base.fixed if name in fields]:
        raise ValueError(f"{fixed[0]} of {base.name} cannot be changed, because its layers need it; leave it out.")
    if fields.get("quantize") == "none":
        fields["quantize"] = None
    encoding = derive_encoding(base.own_encoding, own.encoding)
    if base.encoder and own.encoding and set(own.encoding.given()) - {"length"}:
        raise ValueError(
            f"{base.name} reads the tokens of its encoder, of which only the length can be changed; expected encoding "
            "with length alone. Leave the rest out."
        )
    if encoding.kind == PRETRAINED and not base.encoder:
        raise ValueError(
            f"the encoding {encoding.name} is for models that begin with an encoder, unlike {base.name}. Choose "
            "another encoding."
        )
    settings: dict[str, Any] = {
        "name": name,
        "group": OWN_GROUP,
        "description": own.description or describe_definition(own),
        "options": {option: value for option, value in options.items() if value != usual[option]},
        "definition": own.given(),
        "space": own.space or base.space,
        "encoding": encoding.name,
        "reads": encoding if encoding != base.own_encoding else base.reads,
        "keeps_kind": base.keeps_kind or bool(own.encoding and (own.encoding.name or own.encoding.kind)),
        **fields,
    }
    changed = replace(base, **settings)
    if changed.vectors and encoding.kind not in OF_WORDS:
        raise ValueError(
            f"vectors are of words, and its encoding has {encoding.kind}; expected an encoding of the kind "
            f"{' or '.join(sorted(OF_WORDS))}. Choose one, or leave vectors out."
        )
    return replace(changed, num_params=estimate_params(base, changed))


def fix_width(base: Variant, fields: Mapping[str, Any]) -> tuple[str, ...]:
    """List the fixed fields of a variant with the vectors of a file; raises ValueError if they cannot be its own."""
    if base.vectors is None and "embedding_dim" in base.fixed:
        raise ValueError(f"{base.name} cannot have vectors, because its layers need others. Choose another base.")
    if "embedding_dim" in fields:
        raise ValueError("embedding_dim cannot be combined with vectors, whose file decides it. Leave one out.")
    return tuple(dict.fromkeys([*base.fixed, "embedding_dim"]))


def list_options(row: Variant) -> dict[str, Any]:
    """List the sizes of a variant's layers that may be changed, with their usual values."""
    parameters = inspect.signature(row.body).parameters.values()
    return {it.name: it.default for it in parameters if it.kind is inspect.Parameter.KEYWORD_ONLY}


def check_options(base: Variant, options: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    """Return the options if the base has all of them; raises ValueError otherwise."""
    usual = list_options(base)
    known = [*OwnVariant.model_fields, *usual]
    for name, value in options.items():
        if name not in usual:
            raise ValueError(
                f"{base.name} has no field {name!r}; expected one of {', '.join(known)}.{did_you_mean(name, known)}"
            )
        kind = type(usual[name])
        if type(value) is not kind or (kind is int and not 1 <= int(str(value)) <= MOST_UNITS):
            wanted = f"a whole number from 1 to {MOST_UNITS:,}" if kind is int else f"a value like {usual[name]!r}"
            raise ValueError(f"{name} is {value!r}; expected {wanted}.")
    return options


def derive_encoding(base: Encoding, own: OwnEncoding | None) -> Encoding:
    """Change an encoding where the definition says so; raises ValueError for an unknown name."""
    if own is None:
        return base
    if own.name and own.name not in ENCODINGS:
        raise ValueError(
            f"unknown encoding {own.name!r}; expected one of {', '.join(ENCODINGS)}.{did_you_mean(own.name, ENCODINGS)}"
        )
    start = ENCODINGS[own.name] if own.name else base
    return adapt_encoding(start, kind=own.kind, length=own.length, vocab_size=own.vocab_size)


def describe_definition(own: OwnVariant) -> str:
    """Describe a variant by its definition: "lstm with units 64, encoding length 400"."""
    fields = {name: value for name, value in own.given().items() if name not in {"base", "space"}}
    changes = [
        " ".join([name.replace("_", " "), *describe_value(value)])
        for name, value in fields.items()
        if value is not None
    ]
    return f"{own.base} with {', '.join(changes)}" if changes else f"{own.base} under another name"


def describe_value(value: JsonValue) -> list[str]:
    """Write a value of a definition as words: {"length": 400} -> ["length", "400"]."""
    if isinstance(value, dict):
        return [word for key, inner in value.items() for word in (key.replace("_", " "), str(inner))]
    return [str(value)]


def estimate_params(base: Variant, changed: Variant) -> int:
    """Estimate the number of parameters: the word vectors, and as many others as the base has."""
    return base.num_params - base.num_word_weights + changed.num_word_weights
