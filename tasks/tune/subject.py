"""What is tuned: a variant or a baseline, the settings that are tried, and how a model is defined by them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tasks.baseline.baselines import Baseline
from tasks.baseline.tuning import list_baseline_space, list_usual_of_baseline
from tasks.space.ranges import Space, Value, nest
from tasks.train.tuning import list_usual, list_variant_space
from tasks.train.variants import Variant

SUFFIX = "-tuned"


@dataclass(frozen=True)
class Subject:
    """A model that is tuned: its `usual` settings, the `space` of those to try, and the definition it starts from."""

    name: str
    is_baseline: bool
    space: Space
    usual: Mapping[str, Value]
    definition: Mapping[str, Any]

    @property
    def tuned(self) -> str:
        """The name of the model with the chosen settings."""
        return f"{self.name}{SUFFIX}"

    def define(self, settings: Mapping[str, Value]) -> dict[str, Any]:
        """Define a model, as in a config file, by the settings that differ from the usual ones."""
        changes = nest({name: value for name, value in settings.items() if value != self.usual[name]})
        merged = {
            name: {**self.definition[name], **value} if isinstance(self.definition.get(name), dict) else value
            for name, value in changes.items()
        }
        return {**self.definition, **merged}


def make_variant_subject(row: Variant, *, without: frozenset[str] = frozenset()) -> Subject:
    """Say what is tried for a variant, without settings that the run fixes for all models."""
    space = {name: values for name, values in list_variant_space(row).items() if name not in without}
    usual = {name: value for name, value in list_usual(row).items() if name in space}
    return Subject(row.name, False, space, usual, drop_space(row.definition or {"base": row.name}))


def make_baseline_subject(row: Baseline) -> Subject:
    """Say what is tried for a baseline."""
    space = list_baseline_space(row)
    usual = {name: value for name, value in list_usual_of_baseline(row).items() if name in space}
    return Subject(row.name, True, space, usual, drop_space(row.definition or {"base": row.name}))


def drop_space(definition: Mapping[str, Any]) -> dict[str, Any]:
    """Leave the search space and the description out of a definition, which are not those of the tuned model."""
    return {name: value for name, value in definition.items() if name not in {"space", "description"}}
