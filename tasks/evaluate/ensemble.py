"""An ensemble as a classifier: a weighted sum of its members' log-probabilities.

All files are in one folder, as in any other bundle: ensemble.json lists the members with their weights, and the names
of a member's files begin with its own, such as nb-svm.model.npz.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field
from scipy.special import softmax

from tasks.evaluate.calibration import take_logarithm
from tasks.evaluate.classifier import Classifier, Prepared, Scored, load_classifier
from tasks.evaluate.facts import EncodingOfModel
from tasks.evaluate.model_files import ENSEMBLE_FILE
from tasks.store.facts import Document, Facts
from tasks.train.kernels.choice import Kernels


class Member(Facts):
    """A model of an ensemble, how much its log-probabilities weigh, and its encoding, None for a baseline."""

    variant: str
    fingerprint: str
    weight: float = Field(ge=0)
    encoding: EncodingOfModel | None


class EnsembleFile(Document):
    """The content of ensemble.json, the most important member first."""

    members: tuple[Member, ...] = Field(min_length=2)


class EnsembleClassifier:
    """Several models and their weights; the tokens that it counts are those of the first model."""

    def __init__(self, members: Sequence[Classifier], weights: Sequence[float]) -> None:
        self.members = members
        self.weights = weights

    def prepare(self, texts: pa.Array) -> Prepared:
        """Prepare texts for each member."""
        inputs = [member.prepare(texts) for member in self.members]
        return Prepared(inputs, inputs[0].num_tokens, inputs[0].num_oov)

    def predict(self, prepared: Prepared) -> Scored:
        """Let each member predict, and weigh what they say."""
        pairs = zip(self.members, prepared.inputs, strict=True)
        probabilities = [member.predict(inputs).probabilities for member, inputs in pairs]
        return Scored(combine(probabilities, self.weights), prepared.num_tokens, prepared.num_oov)

    def score(self, texts: pa.Array) -> Scored:
        """Prepare and predict."""
        return self.predict(self.prepare(texts))

    def find_pieces(self, text: str) -> list[tuple[int, int]]:
        """Find the places of the tokens of the first member whose tokens are pieces of words."""
        return next((found for member in self.members if (found := member.find_pieces(text))), [])


def combine(probabilities: Sequence[NDArray[np.float64]], weights: Sequence[float]) -> NDArray[np.float64]:
    """Weigh log-probabilities of shape (num_texts, num_classes) each, and normalise.

    Two members that are sure of 0.8 and weigh a half each give 0.8; with weights of one each, they give 0.94.
    """
    pairs = zip(weights, probabilities, strict=True)
    combined: NDArray[np.float64] = softmax(sum(weight * take_logarithm(it) for weight, it in pairs), axis=1)
    return combined


def load_ensemble(folder: Path, *, kernels: Kernels) -> EnsembleClassifier:
    """Load the ensemble of a bundle; raises UserError when ensemble.json is not what it should be."""
    members = EnsembleFile.read(folder / ENSEMBLE_FILE).members
    loaded = [load_classifier(folder, it.encoding, kernels=kernels, member=it.variant) for it in members]
    return EnsembleClassifier(loaded, [member.weight for member in members])
