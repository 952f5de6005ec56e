"""What becomes of a run's candidate: it is promoted, refused, kept or held back, and why."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from tasks.errors import TrainingError, UserError
from tasks.evaluate.bundle import CURRENT, read_bundle_file
from tasks.evaluate.facts import BundleFacts
from tasks.ingest.datasets import SAMPLE
from tasks.process.child import ChildError
from tasks.promote.champion import find_champion, find_withdrawal, read_history
from tasks.promote.identity import Identity, identify, is_intact
from tasks.promote.rules import GateRules

Outcome = Literal["promoted", "refused", "kept", "held"]


@dataclass(frozen=True, kw_only=True)
class Challenge:
    """A candidate and what it is judged on; `folder` is its bundle's, `model` that as people name it."""

    folder: Path
    model: str
    dataset: str
    data: Mapping[str, str]


class Decision(BaseModel):
    """The decision as it stands in metrics.json.

    `comparison` is what `rescore.rescore_champion` measured, None when the two were not compared. An outcome of "held"
    is one of "promoted" that the settings did not allow.
    """

    model_config = ConfigDict(frozen=True)

    outcome: Outcome
    candidate: str | None
    model: str | None
    champion: str | None
    margin: float
    slice_margin: float
    reasons: list[str]
    warnings: list[str] = []
    comparison: dict[str, Any] | None = None


def choose_candidate(comparison: Mapping[str, Any], name: str | None) -> str | None:
    """Return the folder, under the artifacts, of the recommended model or of the named variant; None if it failed."""
    if name is None:
        return comparison["recommendation"]["model"] if comparison["recommendation"] else None
    folder: str | None = next(row["shipped"] for row in comparison["variants"] if row["name"] == name)
    return folder


def decide_without_candidate(champions: Path, rules: GateRules) -> Decision:
    """Refuse what did not train."""
    return Decision(
        outcome="refused",
        candidate=rules.candidate,
        model=None,
        champion=name_champion(champions),
        margin=rules.margins.overall,
        slice_margin=rules.margins.per_slice,
        reasons=[f"{rules.candidate or 'No model'} {'did not train' if rules.candidate else 'trained'}."],
    )


def decide(
    challenge: Challenge, champions: Path, rules: GateRules, rescore: Callable[[Path], dict[str, Any]]
) -> Decision:
    """Decide on a candidate; `champions` is the folder of champions, held, and `rescore` judges one of them.

    Nothing that is wrong with the champion is an error: it is the reason of a refusal, as nothing then shows that the
    candidate is no worse. Raises UserError when the candidate's bundle is not whole.
    """
    identity = identify(challenge.folder)
    decision = Decision(
        outcome="refused",
        candidate=identity.variant,
        model=challenge.model,
        champion=None,
        margin=rules.margins.overall,
        slice_margin=rules.margins.per_slice,
        reasons=[],
    )
    found = weigh_safely(challenge, identity, champions, rescore)
    if found["outcome"] == "promoted" and not rules.promote:
        found["outcome"] = "held"
    if found["outcome"] in ("refused", "held"):
        found["reasons"].append(f"To make it the champion all the same: python flows/promote.py --to {challenge.model}")
    return decision.model_copy(update={"champion": name_champion(champions), **found})


def weigh_safely(
    challenge: Challenge, identity: Identity, champions: Path, rescore: Callable[[Path], dict[str, Any]]
) -> dict[str, Any]:
    """Weigh a candidate, and refuse it when nothing can be held against it."""
    try:
        return weigh(challenge, identity, champions, rescore)
    except (UserError, TrainingError, ChildError) as error:
        return {"outcome": "refused", "reasons": [f"The champion could not be scored: {error}"]}


def name_champion(champions: Path) -> str | None:
    """Name the bundle that the link leads to, also when nothing else can be said of it."""
    link = champions / CURRENT
    return link.readlink().name if link.is_symlink() else None


def weigh(
    challenge: Challenge, identity: Identity, champions: Path, rescore: Callable[[Path], dict[str, Any]]
) -> dict[str, Any]:
    """Weigh a candidate: outcome, reasons, and what was measured; raises what is wrong with the champion."""
    champion = find_champion(champions)
    if champion is None:
        return {"outcome": "promoted", "reasons": ["There is no champion yet."]}
    if champion.name == identity.name:
        return recognise(champion)
    if withdrawn := find_withdrawal(read_history(champions), identity.name):
        reason = f"It was taken out of use by hand on {withdrawn.time[:10]}"
        return {"outcome": "refused", "reasons": [f"{reason}; only a hand brings it back."]}
    facts = read_bundle_file(champion)
    if challenge.dataset == SAMPLE != facts.dataset.name:
        reason = f"A model of the built-in sample does not replace one of {facts.dataset.name}."
        return {"outcome": "refused", "reasons": [reason]}
    measured = rescore(champion)
    reasons = measured.pop("reasons")
    return {
        "outcome": "promoted" if measured.pop("passes") else "refused",
        "reasons": reasons,
        "warnings": warn_of_overlap(facts, challenge),
        "comparison": measured,
    }


def recognise(champion: Path) -> dict[str, Any]:
    """Say that the candidate is the champion, whose copy is made anew when it was damaged."""
    if is_intact(champion):
        return {"outcome": "kept", "reasons": ["It is the champion already: the same model with the same answers."]}
    return {"outcome": "promoted", "reasons": ["It is the champion already; its files were damaged and are restored."]}


def warn_of_overlap(facts: BundleFacts, challenge: Challenge) -> list[str]:
    """Warn when the champion may have been trained on reviews that it was tested on.

    It cannot have been when its own test split was this one: that was disjoint from what it read.
    """
    if all(facts.data.get(f"{split}.parquet") != challenge.data[f"{split}.parquet"] for split in ("train", "test")):
        warning = (
            "The champion was trained on other data than this run's: today's test reviews may be among those that it "
            "has read, which would count in its favour."
        )
        return [warning]
    return []
