"""The stages of a contest as Prefect tasks, from taking in the dataset on."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from prefect.logging import get_run_logger

from tasks.baseline.baselines import Baseline
from tasks.baseline.facts import BaselineFacts
from tasks.baseline.task import train_baseline
from tasks.contest.stages import Logger
from tasks.encode.encodings import Encoding
from tasks.encode.facts import EncodingFacts, TokenTotals
from tasks.encode.task import encode_reviews, encode_unlabelled
from tasks.encoders.facts import EncoderFacts
from tasks.encoders.task import take_encoder
from tasks.evaluate.ensemble_facts import EnsembleFacts, EnsembleSettings
from tasks.evaluate.facts import EvaluationFacts, ModelManifest
from tasks.evaluate.task import evaluate_model
from tasks.ingest.datasets import Choice
from tasks.ingest.facts import ReviewsManifest, UnlabelledManifest
from tasks.ingest.task import ingest_reviews, obtain_dataset
from tasks.objective.facts import Objective
from tasks.orchestrate.outputs import run
from tasks.settings.label_errors import LabelErrorsConfig
from tasks.settings.training import TrainingSettings
from tasks.stack.task import stack_models
from tasks.stack.writing import Stack
from tasks.store.outputs import Manifest
from tasks.teach.task import answer_unlabelled
from tasks.train.device import Device
from tasks.train.facts import LessonFacts, RegionFacts, TextVectorFacts, TrainingFacts
from tasks.train.output import EncoderOutputs, LessonOutputs
from tasks.train.regions.output import UnlabelledSequences
from tasks.train.settings import FitSettings
from tasks.train.task import learn_regions, read_texts, settle_device, train_variant
from tasks.train.variants import Variant
from tasks.vectors.facts import VectorFacts
from tasks.vectors.task import match_vectors


def ingest_dataset(config: TrainingSettings | LabelErrorsConfig) -> tuple[Choice, ReviewsManifest]:
    """Obtain the dataset and write its reviews: how each flow that takes in labelled text begins."""
    choice = obtain_dataset(config.dataset, config.data_dir, config.files)
    reviews = run(
        ingest_reviews,
        choice,
        data_dir=config.data_dir,
        validation_fraction=config.validation_fraction,
        limit=config.limit,
        ordinal=config.ordinal,
    )
    return choice, reviews


@dataclass(frozen=True)
class TaskStages:
    """See `Stages`; each output is a task run in the UI."""

    data_dir: Path
    artifacts_dir: Path

    @property
    def folders(self) -> dict[str, Path]:
        """Both folders as keyword arguments."""
        return {"data_dir": self.data_dir, "artifacts_dir": self.artifacts_dir}

    @property
    def logger(self) -> Logger:
        """The logger of the flow run."""
        return get_run_logger()

    def take_encoder(self, path: Path) -> Manifest[EncoderFacts]:
        """Run `take_encoder`."""
        return run(take_encoder, path, data_dir=self.data_dir)

    def encode(
        self, reviews: ReviewsManifest, encoding: Encoding, encoder: Manifest[EncoderFacts] | None
    ) -> Manifest[EncodingFacts]:
        """Run `encode_reviews`."""
        return run(encode_reviews, reviews, encoding, data_dir=self.data_dir, encoder=encoder)

    def read_texts(
        self, encoder: Manifest[EncoderFacts], sequences: Manifest[EncodingFacts], device: Device
    ) -> Manifest[TextVectorFacts]:
        """Run `read_texts`."""
        return run(read_texts, encoder, sequences, device=device, data_dir=self.data_dir)

    def learn_regions(
        self, sequences: Manifest[EncodingFacts], unlabelled: UnlabelledSequences | None
    ) -> Manifest[RegionFacts]:
        """Run `learn_regions`."""
        return run(learn_regions, sequences, unlabelled, data_dir=self.data_dir)

    def match_vectors(self, path: Path, sequences: Manifest[EncodingFacts]) -> Manifest[VectorFacts]:
        """Run `match_vectors`."""
        return run(match_vectors, path, sequences, data_dir=self.data_dir)

    def settle_device(
        self, variant: Variant, settings: FitSettings, sequences: Manifest[EncodingFacts], *, num_classes: int
    ) -> Device:
        """Run `choose_device` if there is a choice."""
        return settle_device(variant, settings, sequences, num_classes=num_classes, **self.folders)

    def train(
        self,
        variant: Variant,
        settings: FitSettings,
        sequences: Manifest[EncodingFacts],
        *,
        num_classes: int,
        jobs: int,
        lessons: LessonOutputs | None,
        vectors: Manifest[VectorFacts] | None,
        encoder: EncoderOutputs | None,
        regions: Manifest[RegionFacts] | None,
    ) -> Manifest[TrainingFacts]:
        """Run `train_variant`."""
        begins_with = {"vectors": vectors, "encoder": encoder, "regions": regions}
        options = {"num_classes": num_classes, "jobs": jobs, "lessons": lessons, **begins_with}
        return run(train_variant, variant, settings, sequences, **options, **self.folders)

    def fit(
        self,
        baseline: Baseline,
        reviews: ReviewsManifest,
        *,
        class_weights: Sequence[float] | None,
        jobs: int,
        memory: int,
        unlabelled: UnlabelledManifest | None,
    ) -> Manifest[BaselineFacts]:
        """Run `train_baseline`."""
        options = {"label_names": reviews.facts.label_names, "class_weights": class_weights, "jobs": jobs}
        return run(train_baseline, baseline, reviews, memory=memory, unlabelled=unlabelled, **options, **self.folders)

    def evaluate(
        self, model: ModelManifest, reviews: ReviewsManifest, *, objective: Objective | None
    ) -> Manifest[EvaluationFacts]:
        """Run `evaluate_model`."""
        return run(evaluate_model, model, reviews, objective=objective, **self.folders)

    def combine(self, stack: Stack, settings: EnsembleSettings) -> Manifest[EnsembleFacts]:
        """Run `stack_models`."""
        return run(stack_models, stack, settings, artifacts_dir=self.artifacts_dir)

    def encode_unlabelled(self, texts: UnlabelledManifest, encoded: Manifest[EncodingFacts]) -> Manifest[TokenTotals]:
        """Run `encode_unlabelled`."""
        return run(encode_unlabelled, texts, encoded, data_dir=self.data_dir)

    def answer(
        self, teacher: Stack, texts: UnlabelledManifest, *, seed: int, label_names: Sequence[str]
    ) -> Manifest[LessonFacts]:
        """Run `answer_unlabelled`."""
        return run(answer_unlabelled, teacher, texts, seed=seed, label_names=label_names, **self.folders)
