"""A model's answers to a further test set as an output: where they go, what decides them, how they are made."""

from pathlib import Path
from typing import Final

from tasks.challenge.facts import AnswerFacts
from tasks.compare.results import TrainedModel
from tasks.evaluate.bundle import MANIFESTS
from tasks.evaluate.identity import decide_prediction
from tasks.evaluate.model_files import select_model_files, tell_kind
from tasks.ingest.facts import ChallengeManifest
from tasks.process.child import run_apart
from tasks.store.layout import CHALLENGE_FILE, CHALLENGES
from tasks.store.outputs import Output, Plan, read_manifest

ANSWER: Final = "tasks.challenge.answering:write_answers"


def plan_challenge_answers(
    model: TrainedModel, reviews: ChallengeManifest, *, data_dir: Path, artifacts_dir: Path
) -> Plan[AnswerFacts]:
    """Plan what a model answers to a further test set."""
    training = read_manifest(artifacts_dir / model.folder / MANIFESTS[0], dict)
    settings = training.decided_by["settings"]
    output = Output(
        root=artifacts_dir,
        kind="answers",
        name=f"{model.variant}-{reviews.name}",
        family=CHALLENGES,
        folder=f"{CHALLENGES}/{{fingerprint}}",
        facts_type=AnswerFacts,
        decided_by={
            "reviews": reviews.content_hash,
            "model": {name: training.files[name].sha256 for name in select_model_files(training.files)},
            # How probabilities become answers.
            "evaluation": model.evaluation,
            **decide_prediction(
                ANSWER,
                kind=tell_kind(training.files),
                kernels=settings.get("kernels"),
                device=settings.get("device", "auto"),
            ),
        },
    )

    def make(folder: Path) -> AnswerFacts:
        facts: AnswerFacts = run_apart(
            ANSWER,
            model_folder=artifacts_dir / model.folder,
            reviews=data_dir / reviews.folder / CHALLENGE_FILE,
            folder=folder,
        )
        return facts

    return output, make
