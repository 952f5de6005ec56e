"""What people write about their aims: the value of --metric, and files of costs and of class weights."""

import math
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from tasks.errors import UserError, did_you_mean
from tasks.ingest.labels import match_labels
from tasks.objective.facts import Costs, Objective

ACCURACY: Final = "accuracy"
RECALL: Final = "recall:"
COST: Final = "cost"
METRICS: Final = (ACCURACY, "macro-f1", f"{RECALL}<label>", COST)
NONE, BALANCED = "none", "balanced"
# What a mistake costs, and how much a label weighs, if a file does not say.
USUAL: Final = 1.0


def check_metric(name: str) -> str:
    """Return the value of --metric; raises ValueError for an unknown one."""
    if name in METRICS or (name.startswith(RECALL) and len(name) > len(RECALL)):
        return name
    raise ValueError(f"unknown metric {name!r}; expected one of {', '.join(METRICS)}.{did_you_mean(name, METRICS)}")


def read_costs(path: Path) -> dict[str, dict[str, float]]:
    """Read a file of costs: {true label: {answer: cost}}. Raises UserError when it is not what it should be."""
    content = read_toml(path, "--costs", expected="a table for each label, such as [spam] with ham = 10")
    for label, row in content.items():
        if not isinstance(row, dict):
            raise UserError(
                f"--costs: {path.name} says {label} = {row!r}; expected the line [{label}], and below it lines such as "
                "other = 10 with the costs of other answers."
            )
        for answer, cost in row.items():
            check_number(cost, f"--costs: {path.name} says that {answer!r} for {label!r} costs", least="0 or more")
    return content


def read_weights(path: Path) -> dict[str, float]:
    """Read a file of class weights: {label: weight}. Raises UserError when it is not what it should be."""
    content = read_toml(path, "--class-weight", expected="a line for each label, such as spam = 10")
    for label, weight in content.items():
        found = f"--class-weight: {path.name} says that {label!r} weighs"
        check_number(weight, found, least="more than 0")
    return content


def read_toml(path: Path, flag: str, *, expected: str) -> dict[str, Any]:
    """Read a TOML file; raises UserError when it cannot be read, is not TOML, or is empty."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{flag}: {str(path)!r} cannot be read: {error.strerror}; expected {expected}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(
            f"{flag}: {str(path)!r} is not TOML: {error}; expected {expected}. Put labels with signs in quotes."
        ) from error
    if not content:
        raise UserError(f"{flag}: {str(path)!r} is empty; expected {expected}.")
    return content


def check_number(value: Any, found: str, *, least: str) -> None:
    """Raise UserError for what is not a finite number of at least 0, or more than 0."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not is_number or value < 0 or (value == 0 and least != "0 or more"):
        raise UserError(f"{found} {value!r}; expected a number, {least}.")


def make_objective(metric: str, costs: Path | None, label_names: Sequence[str]) -> Objective | None:
    """Find the labels that the metric or the costs name; None for accuracy. Raises UserError for an unknown label."""
    if metric == ACCURACY:
        return None
    if metric.startswith(RECALL):
        label = metric.removeprefix(RECALL)
        place = find_labels([label], label_names, "--metric")[label]
        return Objective(metric="recall", label=label_names[place], place=place)
    if metric == "macro-f1":
        return Objective(metric="macro-f1")
    return Objective(metric="cost", costs=make_costs(read_costs(costs) if costs else {}, label_names))


def check_presence(objective: Objective | None, counts: Mapping[str, Mapping[str, int]]) -> None:
    """Raise UserError if no review of a split has the label whose recall decides; `counts` are by split and label."""
    if objective is None or objective.label is None:
        return
    for split in ("validation", "test"):
        if not counts[split][objective.label]:
            raise UserError(
                f"--metric: no {split} review is labelled {objective.label!r}, so that its recall is unknown; expected "
                "some. Add reviews, or choose another metric."
            )


def make_costs(rows: Mapping[str, Mapping[str, float]], label_names: Sequence[str]) -> Costs:
    """Arrange costs by label and answer; mistakes that are not named cost 1, right answers nothing.

    Raises UserError for unknown labels, for a right answer that costs something, and if no mistake costs anything.
    """
    named = list(dict.fromkeys([*rows, *(answer for row in rows.values() for answer in row)]))
    places = find_labels(named, label_names, "--costs")
    costs = [[USUAL * (i != j) for j in range(len(label_names))] for i in range(len(label_names))]
    for label, row in rows.items():
        for answer, cost in row.items():
            if places[label] == places[answer] and cost:
                raise UserError(
                    f"--costs: the right answer {label!r} costs {cost:g}; expected costs of mistakes. Leave it out."
                )
            costs[places[label]][places[answer]] = float(cost)
    if not all(any(row) for row in costs):
        free = label_names[next(i for i, row in enumerate(costs) if not any(row))]
        raise UserError(
            f"--costs: no mistake about {free!r} costs anything, so answering another label is never wrong; expected a "
            "cost above 0 for at least one answer to each label."
        )
    return tuple(map(tuple, costs))


def find_labels(named: Sequence[str], label_names: Sequence[str], flag: str) -> dict[str, int]:
    """Find the index of each label, however numbers are spelled. Raises UserError for one that the data lack."""
    found = dict(zip(named, match_labels(pa.array(named, pa.string()), label_names).to_pylist(), strict=True))
    for name, place in found.items():
        if place is None:
            shown = ", ".join(map(repr, label_names[:12])) + ", ..." * (len(label_names) > 12)  # noqa: PLR2004
            raise UserError(
                f"{flag}: the data have no label {name!r}; expected one of {shown}.{did_you_mean(name, label_names)}"
            )
    return found


def choose_class_weights(
    wanted: str, label_names: Sequence[str], counts: Mapping[str, int]
) -> tuple[float, ...] | None:
    """Return the weight of each label; None if all weigh the same. `counts` are the training reviews of each label.

    `balanced` gives all labels the same total weight, as in scikit-learn: 90 and 10 reviews weigh 5/9 and 5 each.
    Otherwise `wanted` names a file. Raises UserError for a label that the data lack.
    """
    if wanted == NONE:
        return None
    if wanted == BALANCED:
        weights = balance([counts[name] for name in label_names])
    else:
        named = read_weights(Path(wanted))
        places = find_labels(list(named), label_names, "--class-weight")
        weights = [USUAL] * len(label_names)
        for label, weight in named.items():
            weights[places[label]] = float(weight)
    return None if len(set(weights)) == 1 else tuple(weights)


def balance(counts: Sequence[int]) -> list[float]:
    """Weigh labels by one over their counts, so that the average review weighs 1; a label without reviews weighs 1."""
    present = sum(1 for count in counts if count)
    return [sum(counts) / (present * count) if count else USUAL for count in counts]
