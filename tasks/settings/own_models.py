"""The models that a run defines itself: variants and baselines of one's own, as settings."""

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, TypeVar

from pydantic import AfterValidator, Field, ValidationError

from tasks.baseline.own import OwnBaseline, derive_baseline
from tasks.baseline.tuning import list_usual_of_baseline
from tasks.compare.results import ENSEMBLE
from tasks.errors import UserError
from tasks.evaluate.ensemble_facts import STACK
from tasks.settings.base import NAMES
from tasks.settings.model_names import BASELINE_CHOICES, list_sections, list_variant_choices
from tasks.space.ranges import check_fields, list_extremes, nest
from tasks.train.own import OwnVariant, derive_variant, list_options, list_variants
from tasks.train.tuning import list_usual

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
    """Refuse a variant whose name, base, fields or search space cannot be used."""
    check_all(definitions, check_variant, "variants")
    return definitions


def check_variant(name: str, own: OwnVariant) -> None:
    """Raise ValueError for a variant that cannot be made, with each value of its search space."""
    row = derive_variant(name, own)
    if own.space:
        check_fields(own.space, list_usual(row))
        for field, value in list_extremes(own.space, list_usual(row)):
            derive_variant(name, read_definition(OwnVariant, {"base": own.base, **nest({field: value})}))


def check_baselines(definitions: dict[str, OwnBaseline]) -> dict[str, OwnBaseline]:
    """Refuse a baseline whose name, base, fields or search space cannot be used."""
    check_all(definitions, check_baseline, "baselines")
    return definitions


def check_baseline(name: str, own: OwnBaseline) -> None:
    """Raise ValueError for a baseline that cannot be made, with each value of its search space."""
    row = derive_baseline(name, own)
    if own.space:
        check_fields(own.space, list_usual_of_baseline(row))
        for field, value in list_extremes(own.space, list_usual_of_baseline(row)):
            read_definition(OwnBaseline, {"base": own.base, field: value})


def read_definition(kind: type[Own], content: dict[str, Any]) -> Own:
    """Read a definition; raises ValueError, in one line, for a field that cannot have its value."""
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        finding = error.errors()[0]
        place = ".".join(map(str, finding["loc"]))
        raise ValueError(f"space of {place}: {finding['msg'].lower()}, got {finding['input']!r}.") from error


OwnVariants = Annotated[
    dict[str, OwnVariant],
    AfterValidator(check_variants),
    Field(
        description="variants of your own, as JSON; in the file that --config names, each is a table, such as "
        '[variants.my-lstm] with base = "lstm" and units = 64 [none]'
    ),
]
OwnBaselines = Annotated[
    dict[str, OwnBaseline],
    AfterValidator(check_baselines),
    Field(
        description="baselines of your own, as JSON; in the file that --config names, each is a table, such as "
        '[baselines.my-svm] with base = "nb-svm" and inverse_penalty = 0.5 [none]'
    ),
]


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
