"""Compare the candidate of a run with the champion, and promote it if it passes and the rules allow it."""

from collections.abc import Callable, Mapping
from pathlib import Path

from tasks.compare.facts import ComparedEncoding, Comparison
from tasks.errors import disk_errors_explained
from tasks.export.fast_form import add_fast_form
from tasks.ingest.facts import ReviewsManifest
from tasks.process.child import run_apart
from tasks.promote.champion import hold_champion, promote
from tasks.promote.decision import Challenge, choose_candidate, decide, decide_without_candidate, has_beaten_chance
from tasks.promote.facts import Decision, Ruling
from tasks.promote.link import BUNDLES
from tasks.promote.rules import GateRules
from tasks.store.layout import MODELS, TEST_FILE


def judge_candidate(
    compared: Comparison,
    reviews: ReviewsManifest,
    encodings: Mapping[str, ComparedEncoding],
    *,
    rules: GateRules,
    run_id: str,
    data_dir: Path,
    artifacts_dir: Path,
    on_wait: Callable[[], None] = lambda: None,
) -> Decision:
    """Decide whether the champion changes, and change it. Raises UserError when the candidate's bundle is damaged."""
    model = choose_candidate(compared, rules.candidate)

    def rescore(champion: Path) -> Ruling:
        ruling: Ruling = run_apart(
            "tasks.promote.rescore:rescore_champion",
            candidate_folder=artifacts_dir / str(model),
            champion_folder=champion,
            test_path=data_dir / reviews.folder / TEST_FILE,
            label_names=reviews.facts.label_names,
            encodings=encodings,
            margins=rules.margins,
        )
        return ruling

    with disk_errors_explained(artifacts_dir), hold_champion(artifacts_dir, on_wait=on_wait) as champions:
        if model is None:
            return decide_without_candidate(champions, rules)
        challenge = describe_challenge(model, compared, reviews, artifacts_dir, is_named=rules.candidate is not None)
        decision = decide(challenge, champions, rules, rescore)
        if decision.outcome == "promoted":
            entry = promote(champions, artifacts_dir / model, run=run_id, reasons=decision.reasons)
            add_fast_form(champions / BUNDLES / entry.bundle)
    return decision


def describe_challenge(
    model: str, compared: Comparison, reviews: ReviewsManifest, artifacts_dir: Path, *, is_named: bool
) -> Challenge:
    """Gather what the candidate is judged on."""
    return Challenge(
        folder=artifacts_dir / model,
        model=model.removeprefix(f"{MODELS}/"),
        dataset=reviews.name,
        data={name: record.sha256 for name, record in reviews.files.items()},
        beats_chance=has_beaten_chance(compared, model),
        is_named=is_named,
    )
