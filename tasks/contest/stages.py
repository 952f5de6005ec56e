"""What a contest needs done; the flow does it as Prefect tasks, a notebook directly."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from tasks.baseline.baselines import Baseline
from tasks.baseline.facts import BaselineFacts
from tasks.encode.encodings import Encoding
from tasks.encode.facts import EncodingFacts, TokenTotals
from tasks.encoders.facts import EncoderFacts
from tasks.evaluate.ensemble_facts import EnsembleFacts, EnsembleSettings
from tasks.evaluate.facts import EvaluationFacts, ModelManifest
from tasks.ingest.facts import ReviewsManifest, UnlabelledManifest
from tasks.objective.facts import Objective
from tasks.stack.writing import Stack
from tasks.store.outputs import Manifest
from tasks.train.device import Device
from tasks.train.facts import LessonFacts, RegionFacts, TextVectorFacts, TrainingFacts
from tasks.train.output import EncoderOutputs, LessonOutputs
from tasks.train.regions.output import UnlabelledSequences
from tasks.train.settings import FitSettings
from tasks.train.variants import Variant
from tasks.vectors.facts import VectorFacts

# A logger, or an adapter that adds the run's name.
Logger = logging.Logger | logging.LoggerAdapter[logging.Logger]


class Stages(Protocol):
    """Each method makes an output or reuses one; an error other than a UserError concerns this output alone."""

    @property
    def logger(self) -> Logger:
        """Where the contest tells what it chose."""

    def take_encoder(self, path: Path) -> Manifest[EncoderFacts]:
        """Take in the encoder in a folder."""

    def encode(
        self, reviews: ReviewsManifest, encoding: Encoding, encoder: Manifest[EncoderFacts] | None
    ) -> Manifest[EncodingFacts]:
        """Turn the reviews into sequences, into tokens of an encoder if there is one."""

    def read_texts(
        self, encoder: Manifest[EncoderFacts], sequences: Manifest[EncodingFacts], device: Device
    ) -> Manifest[TextVectorFacts]:
        """Compute the vectors that a frozen encoder gives the texts."""

    def learn_regions(
        self, sequences: Manifest[EncodingFacts], unlabelled: UnlabelledSequences | None
    ) -> Manifest[RegionFacts]:
        """Learn embeddings of regions from training texts, and from texts without labels if there are any."""

    def match_vectors(self, path: Path, sequences: Manifest[EncodingFacts]) -> Manifest[VectorFacts]:
        """Take the vectors of the words that an encoding knows from a file."""

    def settle_device(
        self, variant: Variant, settings: FitSettings, sequences: Manifest[EncodingFacts], *, num_classes: int
    ) -> Device:
        """Return the device that a variant is trained on: the wanted one, or the faster one if there is a choice."""

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
        """Train a variant on sequences, a student also on lessons; it begins with what was made for it, if anything."""

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
        """Fit a baseline on the texts, and on texts without labels if there are any for it."""

    def evaluate(
        self, model: ModelManifest, reviews: ReviewsManifest, *, objective: Objective | None
    ) -> Manifest[EvaluationFacts]:
        """Score validation and test, and complete the model's bundle."""

    def combine(self, stack: Stack, settings: EnsembleSettings) -> Manifest[EnsembleFacts]:
        """Make an ensemble of trained models."""

    def encode_unlabelled(self, texts: UnlabelledManifest, encoded: Manifest[EncodingFacts]) -> Manifest[TokenTotals]:
        """Turn texts without labels into sequences."""

    def answer(
        self, teacher: Stack, texts: UnlabelledManifest, *, seed: int, label_names: Sequence[str]
    ) -> Manifest[LessonFacts]:
        """Write what a teacher says of texts without labels."""
