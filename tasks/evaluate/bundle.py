"""A model's bundle: everything that is needed to use it, checked against its hashes before any of it is loaded."""

import contextlib
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tasks.errors import UserError
from tasks.evaluate.calibration import apply_temperature
from tasks.evaluate.classifier import BaselineClassifier, Classifier, Prepared, load_classifier
from tasks.evaluate.facts import BUNDLE_FILE, BundleFacts
from tasks.evaluate.metrics import predict_labels
from tasks.evaluate.model_files import select_model_files
from tasks.store.outputs import Manifest, read_manifest, record_file
from tasks.store.usage import mark_used

# In a folder that holds several bundles over time, the link to the one in use.
CURRENT: Final = "current"
# The manifests of training and of evaluation, with the hashes of the files that each wrote.
MANIFESTS: Final = ("training.json", "manifest.json")
# How many characters of a library's own words an error repeats.
MOST_OF_REASON: Final = 200


class Decided(NamedTuple):
    """A model's answers for texts.

    Calibrated probabilities (num_texts, num_classes), the answers as indices of labels (num_texts,), and for each text
    the number of its tokens and of the unknown ones among them, both (num_texts,).
    """

    probabilities: NDArray[np.float64]
    predicted: NDArray[np.intp]
    num_tokens: NDArray[np.int32]
    num_oov: NDArray[np.int32]


@dataclass(frozen=True)
class Bundle:
    """A loaded model; `facts` is the content of bundle.json."""

    folder: Path
    facts: BundleFacts
    classifier: Classifier

    @property
    def model_id(self) -> str:
        """The name that identifies the model in its predictions: variant and fingerprint."""
        return self.facts.model_id

    @property
    def label_names(self) -> tuple[str, ...]:
        """The labels, in the order of the probabilities."""
        return self.facts.label_names

    @property
    def length(self) -> int | None:
        """How many tokens the model reads; None when it reads whole texts."""
        return self.facts.length

    def decide(self, texts: pa.Array) -> Decided:
        """Score a string array without nulls, as the model's evaluation did."""
        with faults_explained(self.folder):
            prepared = self.classifier.prepare(texts)
        return self.decide_prepared(prepared)

    def decide_prepared(self, prepared: Prepared) -> Decided:
        """Score texts that `classifier.prepare` has prepared; raises UserError when the model cannot be used."""
        with faults_explained(self.folder):
            scored = self.classifier.predict(prepared)
        check_outputs(self.folder, scored.probabilities.shape[1], self.label_names)
        if not np.isfinite(scored.probabilities).all():
            raise UserError(
                f"the model in {str(self.folder)!r} gives probabilities that are not numbers; expected some between 0 "
                "and 1. Train it again, or copy it again."
            )
        probabilities = apply_temperature(scored.probabilities, self.facts.temperature)
        predicted = predict_labels(probabilities, threshold=self.facts.threshold, rule=self.facts.metrics.rule)
        return Decided(probabilities, predicted, scored.num_tokens, scored.num_oov)


def load_bundle(folder: Path) -> Bundle:
    """Load a bundle, or the current one of a folder of bundles, without running any code from it.

    Raises UserError when there is no bundle, it is incomplete, a file does not match its hash, or no model can be made
    of the files.
    """
    folder = find_bundle(folder)
    facts = read_facts(folder)
    mark_used(folder / MANIFESTS[0])
    with faults_explained(folder):
        classifier = load_classifier(folder, facts.encoding)
        if isinstance(classifier, BaselineClassifier):
            check_outputs(folder, int(classifier.model.parameters.num_classes), facts.label_names)
    return Bundle(folder, facts, classifier)


def check_outputs(folder: Path, num_outputs: int, label_names: tuple[str, ...]) -> None:
    """Raise UserError when a model does not have an output for each label."""
    if num_outputs != len(label_names):
        raise UserError(
            f"the model in {str(folder)!r} has {num_outputs} outputs; expected one for each of its {len(label_names)} "
            "labels. Train it again, or copy it again."
        )


@contextlib.contextmanager
def faults_explained(folder: Path) -> Iterator[None]:
    """Turn what a library says of a model that it cannot use into a UserError; lack of memory is none of its faults."""
    try:
        yield
    except (UserError, MemoryError):
        raise
    except Exception as error:
        reason = textwrap.shorten("".join(str(error).splitlines()[:1]), MOST_OF_REASON, placeholder="...")
        raise UserError(
            f"the model in {str(folder)!r} cannot be used ({type(error).__name__}: {reason}); expected one that this "
            "version or an older one made. Train it again, or copy it again."
        ) from error


def read_facts(folder: Path) -> BundleFacts:
    """Check all files of a bundle against their hashes and return the content of bundle.json.

    Raises UserError as `load_bundle` does.
    """
    manifests = [read_bundle_manifest(folder / name) for name in MANIFESTS]
    for manifest in manifests:
        check_files(folder, manifest)
    check_listed(folder, {name for manifest in manifests for name in manifest.files})
    check_same_model(folder, *manifests)
    return read_bundle_file(folder)


def check_listed(folder: Path, listed: set[str]) -> None:
    """Raise UserError when a file that could be loaded has no hash in the manifests."""
    present = {path.name for path in folder.iterdir()}
    loadable = {*select_model_files(present), *({BUNDLE_FILE} & present)}
    if missing := sorted(loadable - listed):
        raise UserError(
            f"the model in {str(folder)!r} has no hash of {', '.join(missing)}; expected every file in its manifests. "
            "Train it again, or copy it again."
        )


def check_same_model(folder: Path, training: Manifest, evaluation: Manifest) -> None:
    """Raise UserError when the evaluation is not that of the trained model beside it: it has hashes of what it read."""
    evaluated = evaluation.decided_by.get("model")
    found = {name: training.files[name].sha256 for name in select_model_files(training.files)}
    if isinstance(evaluated, dict) and evaluated != found:
        raise UserError(
            f"the model in {str(folder)!r} is put together from two: its evaluation is that of another model; expected "
            "the files of one training. Train it again, or copy it again."
        )


def read_bundle_file(folder: Path) -> BundleFacts:
    """Read bundle.json without checking any hash; raises UserError when it is damaged or of a newer version."""
    try:
        return BundleFacts.read(folder / BUNDLE_FILE)
    except UserError as error:
        raise UserError(f"the model in {str(folder)!r} has no readable bundle.json: {error}") from error


def identify_bundle(folder: Path) -> dict[str, str]:
    """Hash the manifests of a bundle, which contain the hashes of all its files."""
    return {name: record_file(folder / name).sha256 for name in MANIFESTS}


def find_bundle(folder: Path) -> Path:
    """Return the folder of the bundle itself; raises UserError when there is none."""
    found = folder / CURRENT if (folder / CURRENT).exists() else folder
    if not (found / BUNDLE_FILE).is_file():
        raise UserError(
            f"{str(folder)!r} holds no model; expected a folder with bundle.json, such as artifacts/champion or "
            "artifacts/models/<variant>/<fingerprint>. Train one with: python flows/train_all.py."
        )
    return found.resolve()


def read_bundle_manifest(path: Path) -> Manifest:
    """Read one of a bundle's manifests; raises UserError when it cannot be read."""
    try:
        return read_manifest(path, dict)
    except (OSError, ValueError) as error:
        raise UserError(
            f"the model in {str(path.parent)!r} is incomplete: {path.name} cannot be read; expected a whole bundle. "
            "Train it again, or copy the whole folder."
        ) from error


def check_files(folder: Path, manifest: Manifest) -> None:
    """Raise UserError when a file that the manifest names is missing or has changed."""
    for name, record in manifest.files.items():
        if not (folder / name).is_file():
            raise UserError(f"the model in {str(folder)!r} is incomplete: {name} is missing; expected a whole bundle.")
        if record_file(folder / name) != record:
            raise UserError(
                f"the model in {str(folder)!r} was changed: {name} does not match its hash; expected it as it was "
                "made. Train it again, or copy it again."
            )
