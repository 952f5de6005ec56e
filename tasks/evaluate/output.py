"""The evaluation of a model as an output: where it goes, what decides it, and how it is made."""

from pathlib import Path

from pydantic import TypeAdapter

from tasks.baseline.baselines import BASELINES
from tasks.baseline.facts import BaselineFacts, BaselineSettings
from tasks.evaluate.ensemble_facts import EnsembleFacts, EnsembleSettings
from tasks.evaluate.facts import DatasetOfModel, EncodingOfModel, EvaluationFacts, ModelManifest, Origin
from tasks.evaluate.identity import EVALUATE, decide_evaluation
from tasks.evaluate.model_files import tell_kind
from tasks.ingest.facts import ReviewsManifest
from tasks.objective.facts import Objective
from tasks.process.child import run_apart
from tasks.process.gate import GATE
from tasks.store.layout import MODELS, SPLIT_FILES
from tasks.store.outputs import Output, Plan
from tasks.train.settings import FitSettings


def plan_evaluation(
    model: ModelManifest,
    reviews: ReviewsManifest,
    *,
    data_dir: Path,
    artifacts_dir: Path,
    objective: Objective | None = None,
) -> Plan[EvaluationFacts]:
    """Plan the scores on validation and test, and the files that complete the model's bundle.

    Decisions are for accuracy unless there is another objective.
    """
    label_names = reviews.facts.label_names
    output = Output(
        root=artifacts_dir,
        kind="evaluation",
        name=model.name,
        family=f"{MODELS}/{model.name}",
        folder=model.folder,
        facts_type=EvaluationFacts,
        decided_by=decide_evaluation(
            model, reviews, dataset=describe_dataset(reviews).model_dump(), objective=objective
        ),
    )

    def make(folder: Path) -> EvaluationFacts:
        metrics: EvaluationFacts = run_apart(
            EVALUATE,
            model_folder=artifacts_dir / model.folder,
            reviews_folder=data_dir / reviews.folder,
            folder=folder,
            label_names=label_names,
            origin=describe_origin(model, reviews),
            objective=objective,
            gate=GATE.get(None),
        )
        return metrics

    return output, make


def describe_origin(model: ModelManifest, reviews: ReviewsManifest) -> Origin:
    """Gather what a user of the model needs to know about how it was made."""
    encoding: EncodingOfModel | None = None
    settings: FitSettings | BaselineSettings | EnsembleSettings
    if isinstance(model.facts, BaselineFacts):
        description = model.facts.description or BASELINES[model.name].description
        settings = BaselineSettings(**model.decided_by["settings"])
    elif isinstance(model.facts, EnsembleFacts):
        description = model.facts.description
        settings = EnsembleSettings(**model.decided_by["settings"])
    else:
        description = model.facts.description
        encoding = EncodingOfModel(name=model.facts.encoding, **model.decided_by["encoding"])
        settings = TypeAdapter(FitSettings).validate_python(model.decided_by["settings"])
    return Origin(
        variant=model.name,
        description=description,
        kind=tell_kind(model.files),
        fingerprint=model.fingerprint,
        encoding=encoding,
        settings=settings,
        training=model.facts,
        dataset=describe_dataset(reviews),
        data={name: reviews.files[name].sha256 for name in SPLIT_FILES.values()},
        versions=model.decided_by["libraries"],
    )


def describe_dataset(reviews: ReviewsManifest) -> DatasetOfModel:
    """Gather what a bundle says about the data, besides their hashes."""
    return DatasetOfModel(
        name=reviews.name,
        counts=reviews.facts.counts,
        limit=reviews.decided_by["limit"],
        validation_fraction=reviews.decided_by["validation_fraction"],
        file_options=reviews.decided_by.get("source", {}).get("options"),
        ordinal=reviews.facts.ordinal,
    )
