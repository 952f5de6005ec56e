"""The decision about a run's candidate: it is promoted, refused, kept or held, and why."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tasks.compare.facts import Comparison
from tasks.errors import TrainingError, UserError
from tasks.evaluate.bundle import read_bundle_file
from tasks.evaluate.facts import BundleFacts
from tasks.ingest.datasets import SAMPLE
from tasks.process.child import ChildError
from tasks.promote.champion import check_as_promoted, is_as_promoted
from tasks.promote.facts import Decision, GateComparison, Outcome, Ruling
from tasks.promote.history import find_withdrawal, read_content, read_history
from tasks.promote.identity import Identity, identify
from tasks.promote.link import find_champion, name_current
from tasks.promote.rules import GateRules
from tasks.store.layout import TEST_FILE, TRAIN_FILE

Rescore = Callable[[Path], Ruling]


@dataclass(frozen=True, kw_only=True)
class Challenge:
    """A candidate and what it is judged on.

    `folder` is that of its bundle, `model` the name that people use for it, and `data` has the hashes of the run's
    review files by name. `beats_chance` is False if it was not shown to be better than a constant answer. It `is_named`
    if a person put it forward.
    """

    folder: Path
    model: str
    dataset: str
    data: Mapping[str, str]
    beats_chance: bool = True
    is_named: bool = False


@dataclass(frozen=True, kw_only=True)
class Weighing:
    """The judgement of a candidate, before the settings are applied."""

    outcome: Outcome
    reasons: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    comparison: GateComparison | None = None


def choose_candidate(comparison: Comparison, name: str | None) -> str | None:
    """Return the folder, under the artifacts, of the recommended model or of the named variant.

    None if it failed, or was not made: an ensemble that does not help, or a baseline that the texts do not ask for. If
    no model is recommended because nothing was learned, it is that of the best on validation.
    """
    if name is None:
        if comparison.recommendation is None:
            return None
        name = comparison.recommendation.name or comparison.recommendation.best_on_validation
    return next((row.shipped for row in comparison.variants if row.name == name), None)


def has_beaten_chance(comparison: Comparison, model: str) -> bool:
    """Tell whether a model, named by its folder, is better than a constant answer."""
    return any(row.beats_chance for row in comparison.variants if row.shipped == model)


def decide_without_candidate(champions: Path, rules: GateRules) -> Decision:
    """Refuse a candidate that did not train."""
    return Decision(
        outcome="refused",
        candidate=rules.candidate,
        model=None,
        champion=name_current(champions),
        margin=rules.margins.overall,
        slice_margin=rules.margins.per_slice,
        reasons=(
            f"{rules.candidate} is not among the models that trained." if rules.candidate else "No model trained.",
        ),
    )


def decide(challenge: Challenge, champions: Path, rules: GateRules, rescore: Rescore) -> Decision:
    """Decide about a candidate; `champions` is the folder that `hold_champion` yields.

    `rescore` compares the candidate with a champion's bundle. A damaged champion is not an error but a reason to
    refuse, because nothing then shows that the candidate is no worse. Raises UserError when the candidate's bundle is
    incomplete or damaged.
    """
    identity = identify(challenge.folder)
    found = weigh_safely(challenge, identity, champions, rescore)
    outcome: Outcome = "held" if found.outcome == "promoted" and not rules.promote else found.outcome
    by_hand = f"To make it the champion anyway, run: python flows/promote.py --to {challenge.model}"
    return Decision(
        outcome=outcome,
        candidate=identity.variant,
        model=challenge.model,
        champion=name_current(champions),
        margin=rules.margins.overall,
        slice_margin=rules.margins.per_slice,
        reasons=(*found.reasons, by_hand) if outcome in ("refused", "held") else found.reasons,
        warnings=found.warnings,
        comparison=found.comparison,
    )


def weigh_safely(challenge: Challenge, identity: Identity, champions: Path, rescore: Rescore) -> Weighing:
    """Weigh a candidate, and refuse it when the champion cannot be scored."""
    try:
        return weigh(challenge, identity, champions, rescore)
    except (UserError, TrainingError, ChildError) as error:
        return Weighing(outcome="refused", reasons=(f"The champion could not be scored: {error}",))


def weigh(challenge: Challenge, identity: Identity, champions: Path, rescore: Rescore) -> Weighing:
    """Weigh a candidate; raises an error if the champion cannot be scored."""
    champion = find_champion(champions)
    read_content(champions)
    if champion is None:
        return weigh_first(challenge, identity)
    if champion.name == identity.name:
        return recognise(champions, champion.name)
    if withdrawn := find_withdrawal(read_history(champions), identity.name):
        reason = f"The candidate was taken out of use by hand on {withdrawn.time[:10]}"
        return Weighing(outcome="refused", reasons=(f"{reason}; only promotion by hand can bring it back.",))
    check_as_promoted(champions, champion.name)
    facts = read_bundle_file(champion)
    if challenge.dataset == SAMPLE != facts.dataset.name:
        reason = f"A model of the built-in sample cannot replace a model of {facts.dataset.name}."
        return Weighing(outcome="refused", reasons=(reason,))
    ruling = rescore(champion)
    # A person who names a candidate and sets the margins may want it in place of the champion all the same.
    chance = () if challenge.is_named else explain_chance(challenge, identity)
    return Weighing(
        outcome="refused" if chance or not ruling.passes else "promoted",
        reasons=(*chance, *ruling.reasons),
        warnings=warn_of_overlap(facts, challenge),
        comparison=ruling.comparison,
    )


def weigh_first(challenge: Challenge, identity: Identity) -> Weighing:
    """Weigh a candidate when there is no champion: it has to beat chance."""
    if reasons := explain_chance(challenge, identity):
        return Weighing(outcome="refused", reasons=reasons)
    return Weighing(outcome="promoted", reasons=("There was no champion yet.",))


def explain_chance(challenge: Challenge, identity: Identity) -> tuple[str, ...]:
    """Say that a candidate does not beat chance; empty if it does."""
    if challenge.beats_chance:
        return ()
    return (f"{identity.variant} does not beat chance: the test shows no lead over a constant answer.",)


def recognise(champions: Path, name: str) -> Weighing:
    """Say that the candidate is the champion already; a damaged copy of it is restored."""
    if is_as_promoted(champions, name):
        reason = "The candidate is the champion already: the same model with the same answers."
        return Weighing(outcome="kept", reasons=(reason,))
    reason = "The candidate is the champion already; the champion's files were damaged and have been restored."
    return Weighing(outcome="promoted", reasons=(reason,))


def warn_of_overlap(facts: BundleFacts, challenge: Challenge) -> tuple[str, ...]:
    """Warn when the champion may have been trained on this run's test reviews.

    It cannot have been if its own training or test split is that of this run, because the splits of a run are disjoint.
    """
    if all(facts.data.get(name) != challenge.data[name] for name in (TRAIN_FILE, TEST_FILE)):
        warning = (
            "The champion was trained on other data than this run's. They may include some of this run's test reviews, "
            "which would count in the champion's favour."
        )
        return (warning,)
    return ()
