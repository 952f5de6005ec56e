"""Baselines of one's own: a baseline of the table with some fields changed."""

from dataclasses import replace
from typing import Any, Final

from pydantic import Field

from tasks.baseline.baselines import BASELINES, Baseline, Unit, Weighting
from tasks.errors import did_you_mean
from tasks.space.ranges import OwnSpace
from tasks.store.facts import Definition

# Fields of the definition that are not fields of the baseline.
SPECIAL: Final = {"base", "description", "space"}


class OwnBaseline(Definition):
    """A baseline of one's own: the fields that differ from its base."""

    base: str = Field(description="the baseline to start from")
    description: str | None = Field(default=None, min_length=1, description="what the help and the report say of it")
    weighting: Weighting | None = Field(
        default=None, description="how n-grams are weighted: none, tf-idf or log-count-ratio"
    )
    max_order: int | None = Field(default=None, ge=1, le=9, description="how many units an n-gram has at most")
    unit: Unit | None = Field(default=None, description="what n-grams are made of: words or characters")
    min_texts: int | None = Field(default=None, ge=1, description="how many training texts an n-gram must be in")
    inverse_penalty: float | None = Field(
        default=None,
        gt=0,
        description="scikit-learn's C: the higher it is, the weaker the regularisation; on latent dimensions, a tenth "
        "and a hundredth of it are tried too",
    )
    num_dimensions: int | None = Field(
        default=None,
        ge=1,
        description="how many latent dimensions the n-grams are reduced to, as in lsa; not with log-count-ratio",
    )
    smoothing: float | None = Field(
        default=None, gt=0, description="what naive Bayes ratios add to each count: the alpha of Wang & Manning"
    )
    space: OwnSpace | None = Field(
        default=None, description="what tuning tries: for each field a list of values, or a table of low, high and log"
    )


def derive_baseline(name: str, own: OwnBaseline) -> Baseline:
    """Make a baseline of one's own from its base; raises ValueError for an unknown base, or fields that do not fit."""
    if own.base not in BASELINES:
        raise ValueError(
            f"unknown base {own.base!r}; expected one of {', '.join(BASELINES)}.{did_you_mean(own.base, BASELINES)}"
        )
    fields: dict[str, Any] = {name: value for name, value in own.given().items() if name not in SPECIAL}
    changes = ", ".join(f"{field.replace('_', ' ')} {value}" for field, value in fields.items())
    described = f"{own.base} with {changes}" if changes else f"{own.base} under another name"
    row = replace(
        BASELINES[own.base],
        name=name,
        description=own.description or described,
        definition=own.given(),
        space=own.space or BASELINES[own.base].space,
        **fields,
    )
    if row.num_dimensions and row.weighting == "log-count-ratio":
        raise ValueError(
            "num_dimensions: latent dimensions are found without labels, but log-count-ratio weighs n-grams by labels; "
            "expected a base such as lsa or tfidf-linear."
        )
    return row
