"""The models that a run defines itself: variants and baselines of one's own, as settings."""

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, TypeVar

from pydantic import AfterValidator

from tasks.baseline.own import OwnBaseline, derive_baseline
from tasks.compare.results import ENSEMBLE
from tasks.errors import UserError
from tasks.evaluate.ensemble_facts import STACK
from tasks.settings.base import NAMES
from tasks.settings.model_names import BASELINE_CHOICES, list_sections, list_variant_choices
from tasks.train.own import OwnVariant, derive_variant, list_options, list_variants

Own = TypeVar("Own", OwnVariant, OwnBaseline)

# Prefect accepts no other keys, and the name is that of a folder.
NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_NAME: Final = 60


def check_own_name(name: str) -> None:
    """Raise ValueError for a name that cannot be that of a model, or that means something else."""
    if not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise ValueError(
            f"{name!r} cannot be a model's name; expected lowercase letters and digits, with single dashes between "
            f"them, at most {LONGEST_NAME}."
        )
    if name in (*list_variant_choices(), *BASELINE_CHOICES, STACK, ENSEMBLE, NAMES):
        raise ValueError(f"the name {name!r} is taken; expected another one, such as my-{name}.")


def check_all(definitions: Mapping[str, Own], derive: Callable[[str, Own], Any], table: str) -> None:
    """Raise ValueError, which names the table and the model, for the first definition that cannot be used."""
    for name, own in definitions.items():
        try:
            check_own_name(name)
            derive(name, own)
        except (ValueError, UserError) as error:
            raise ValueError(f"[{table}.{name}]: {error}") from error


def check_variants(definitions: dict[str, OwnVariant]) -> dict[str, OwnVariant]:
    """Refuse a variant whose name, base or fields cannot be used."""
    check_all(definitions, derive_variant, "variants")
    return definitions


def check_baselines(definitions: dict[str, OwnBaseline]) -> dict[str, OwnBaseline]:
    """Refuse a baseline whose name or base cannot be used."""
    check_all(definitions, derive_baseline, "baselines")
    return definitions


OwnVariants = Annotated[dict[str, OwnVariant], AfterValidator(check_variants)]
OwnBaselines = Annotated[dict[str, OwnBaseline], AfterValidator(check_baselines)]


def gather_sizes() -> dict[str, list[str]]:
    """Gather the sizes of layers that may be changed, as text, with the variants that have them."""
    sizes: dict[str, list[str]] = {}
    for name, row in list_variants().items():
        if options := list_options(row):
            sizes.setdefault(", ".join(f"{option} {value}" for option, value in options.items()), []).append(name)
    return sizes


def describe_fields() -> str:
    """List the fields of models of one's own for --help, one per line."""
    fields: dict[str, dict[str, str]] = {
        f"fields of a table [{table}.NAME], a model of your own": {
            name: field.description or "" for name, field in own.model_fields.items()
        }
        for table, own in (("variants", OwnVariant), ("baselines", OwnBaseline))
    }
    lines = [f"  {text}: {', '.join(names)}" for text, names in gather_sizes().items()]
    return "\n".join([list_sections(fields), "sizes of layers, which are fields as well, by base:", *lines])
