"""The stages of a contest, done directly."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from tasks.baseline.baselines import Baseline
from tasks.baseline.facts import BaselineFacts
from tasks.baseline.output import plan_baseline
from tasks.contest.stages import Logger
from tasks.encode.encodings import Encoding
from tasks.encode.facts import EncodingFacts, TokenTotals
from tasks.encode.output import plan_encoding, plan_unlabelled_sequences
from tasks.encoders.facts import EncoderFacts
from tasks.encoders.output import plan_encoder
from tasks.errors import TrainingError
from tasks.evaluate.ensemble_facts import EnsembleFacts, EnsembleSettings
from tasks.evaluate.facts import EvaluationFacts, ModelManifest
from tasks.evaluate.output import plan_evaluation
from tasks.ingest.facts import ReviewsManifest, UnlabelledManifest
from tasks.notebook.outputs import EpochLog, make
from tasks.objective.facts import Objective
from tasks.stack.output import plan_stack
from tasks.stack.writing import Stack
from tasks.store.outputs import Manifest
from tasks.teach.output import plan_answers
from tasks.train.device import Device
from tasks.train.facts import LessonFacts, RegionFacts, TextVectorFacts, TrainingFacts
from tasks.train.output import EncoderOutputs, LessonOutputs, has_choice, plan_device, plan_training
from tasks.train.regions.output import UnlabelledSequences, plan_regions
from tasks.train.settings import FitSettings
from tasks.train.text_vector_output import plan_text_vectors
from tasks.train.variants import Variant
from tasks.vectors.facts import VectorFacts
from tasks.vectors.output import plan_vectors

LOGGER: Final = logging.getLogger(__name__)


@dataclass(frozen=True)
class DirectStages:
    """See `Stages`."""

    data_dir: Path
    artifacts_dir: Path

    @property
    def folders(self) -> dict[str, Path]:
        """Both folders as keyword arguments."""
        return {"data_dir": self.data_dir, "artifacts_dir": self.artifacts_dir}

    @property
    def logger(self) -> Logger:
        """The notebook's logger."""
        return LOGGER

    def take_encoder(self, path: Path) -> Manifest[EncoderFacts]:
        """Make or reuse the files of an encoder."""
        found = make(plan_encoder(path, data_dir=self.data_dir))
        LOGGER.info("encoder: %s", found.facts.describe())
        return found

    def encode(
        self, reviews: ReviewsManifest, encoding: Encoding, encoder: Manifest[EncoderFacts] | None
    ) -> Manifest[EncodingFacts]:
        """Make or reuse sequences."""
        return make(plan_encoding(reviews, encoding, data_dir=self.data_dir, encoder=encoder))

    def read_texts(
        self, encoder: Manifest[EncoderFacts], sequences: Manifest[EncodingFacts], device: Device
    ) -> Manifest[TextVectorFacts]:
        """Make or reuse the vectors that an encoder gives the texts."""
        return make(plan_text_vectors(encoder, sequences, device=device, data_dir=self.data_dir, say=LOGGER.info))

    def learn_regions(
        self, sequences: Manifest[EncodingFacts], unlabelled: UnlabelledSequences | None
    ) -> Manifest[RegionFacts]:
        """Make or reuse embeddings of regions."""
        return make(plan_regions(sequences, unlabelled, data_dir=self.data_dir, say=LOGGER.info))

    def match_vectors(self, path: Path, sequences: Manifest[EncodingFacts]) -> Manifest[VectorFacts]:
        """Make or reuse the vectors of an encoding's words."""
        found = make(plan_vectors(path, sequences, data_dir=self.data_dir))
        LOGGER.info("%s: %s", sequences.name, found.facts.describe())
        return found

    def settle_device(
        self, variant: Variant, settings: FitSettings, sequences: Manifest[EncodingFacts], *, num_classes: int
    ) -> Device:
        """Choose the faster device if there is a choice; what cannot be measured is left to the backend."""
        if not has_choice(variant, settings):
            return settings.device
        try:
            facts = make(plan_device(variant, settings, sequences, num_classes=num_classes, **self.folders)).facts
        except TrainingError as error:
            LOGGER.warning("%s: %s", variant.name, error)
            return settings.device
        LOGGER.info("%s: %s", variant.name, facts.describe())
        return facts.device

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
        """Make or reuse a trained variant."""
        return make(
            plan_training(
                variant,
                settings,
                sequences,
                num_classes=num_classes,
                data_dir=self.data_dir,
                artifacts_dir=self.artifacts_dir,
                listen=partial(EpochLog, settings=settings),
                jobs=jobs,
                lessons=lessons,
                vectors=vectors,
                encoder=encoder,
                regions=regions,
            )
        )

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
        """Make or reuse a fitted baseline."""
        return make(
            plan_baseline(
                baseline,
                reviews,
                artifacts_dir=self.artifacts_dir,
                data_dir=self.data_dir,
                label_names=reviews.facts.label_names,
                class_weights=class_weights,
                jobs=jobs,
                memory=memory,
                unlabelled=unlabelled,
            )
        )

    def evaluate(
        self, model: ModelManifest, reviews: ReviewsManifest, *, objective: Objective | None
    ) -> Manifest[EvaluationFacts]:
        """Make or reuse an evaluation."""
        return make(plan_evaluation(model, reviews, objective=objective, **self.folders))

    def combine(self, stack: Stack, settings: EnsembleSettings) -> Manifest[EnsembleFacts]:
        """Make or reuse an ensemble."""
        return make(plan_stack(stack, settings, artifacts_dir=self.artifacts_dir))

    def encode_unlabelled(self, texts: UnlabelledManifest, encoded: Manifest[EncodingFacts]) -> Manifest[TokenTotals]:
        """Make or reuse sequences of texts without labels."""
        return make(plan_unlabelled_sequences(texts, encoded, data_dir=self.data_dir))

    def answer(
        self, teacher: Stack, texts: UnlabelledManifest, *, seed: int, label_names: Sequence[str]
    ) -> Manifest[LessonFacts]:
        """Make or reuse a teacher's answers."""
        del seed  # only the flow names it
        return make(plan_answers(teacher, texts, label_names=label_names, **self.folders))
