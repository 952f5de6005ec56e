"""The fast form of a bundle: its models in ONNX, beside the files that they were made from.

It lets single texts be scored without importing TensorFlow, whose import takes longer than anything else. The champion
gets one when it is promoted. A bundle without one, or with a damaged one, is loaded as ever.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
from pydantic import Field

from tasks.baseline.baselines import Unit
from tasks.encode.encodings import Encoding
from tasks.errors import UserError
from tasks.evaluate.bundle import (
    MANIFESTS,
    Bundle,
    faults_explained,
    find_bundle,
    identify_bundle,
    load_bundle,
    read_facts,
)
from tasks.evaluate.classifier import Classifier, NeuralClassifier, Prepared, Scored
from tasks.evaluate.ensemble import EnsembleClassifier
from tasks.evaluate.facts import EncodingOfModel
from tasks.evaluate.model_files import begin_names
from tasks.evaluate.onnx_network import OnnxNetwork
from tasks.store.facts import Document, Facts
from tasks.store.outputs import FileRecord, record_file
from tasks.store.usage import mark_used

FAST_FILE: Final = "onnx.json"
ONNX_MODEL: Final = "model.onnx"
# The words or characters of a baseline; the tokenizer of a network is a file of its bundle.
UNITS_FILE: Final = "onnx-tokenizer.json"

logger: Final = logging.getLogger(__name__)


class Part(Facts):
    """A model in ONNX: a network with its encoding, or a baseline with the unit of its n-grams.

    `member` and `weight` are its name and weight in an ensemble; a model of its own has no name and weighs 1.
    """

    member: str | None = None
    weight: float = Field(default=1.0, ge=0)
    encoding: EncodingOfModel | None = None
    unit: Unit | None = None

    def name(self, file: str) -> str:
        """Return the name of one of its files: "nb-svm.model.onnx"."""
        return f"{begin_names(self.member)}{file}"


class FastFile(Document):
    """The content of onnx.json.

    `manifests` are the hashes of the manifests of the bundle that the models were made from, and `max_difference` is
    how far a probability was from that of the bundle on the texts that the models were compared on.
    """

    parts: tuple[Part, ...] = Field(min_length=1)
    manifests: dict[str, str]
    files: dict[str, FileRecord]
    max_difference: float
    versions: dict[str, str]


class Preparation(NamedTuple):
    """How texts are encoded for a model, and where in a text its tokens are, as in `Classifier`."""

    prepare: Callable[[pa.Array], Prepared]
    find_pieces: Callable[[str], list[tuple[int, int]]]


class FastClassifier:
    """Prepares texts as the bundle's own classifier does, and predicts with ONNX Runtime."""

    def __init__(self, preparation: Preparation, network: OnnxNetwork) -> None:
        self.prepare = preparation.prepare
        self.find_pieces = preparation.find_pieces
        self.network = network

    def predict(self, prepared: Prepared) -> Scored:
        """Run the graph."""
        return Scored(self.network.predict(prepared.inputs), prepared.num_tokens, prepared.num_oov)

    def score(self, texts: pa.Array) -> Scored:
        """Prepare and predict."""
        return self.predict(self.prepare(texts))


def load_fast_bundle(folder: Path) -> Bundle:
    """Load a bundle in its fast form if it has one; otherwise as `load_bundle` does, which it also does if that fails.

    Raises UserError as `load_bundle` does.
    """
    folder = find_bundle(folder)
    try:
        parts = read_parts(folder)
    except UserError as error:
        logger.warning("%s", error)
        parts = ()
    if not parts:
        return load_bundle(folder)
    facts = read_facts(folder)
    mark_used(folder / MANIFESTS[0])
    with faults_explained(folder):
        return Bundle(folder, facts, load_parts(folder, parts))


def needs_keras(classifier: Classifier) -> bool:
    """Tell whether a model is a Keras network or has one among its members."""
    members = classifier.members if isinstance(classifier, EnsembleClassifier) else (classifier,)
    return any(isinstance(member, NeuralClassifier) for member in members)


def read_parts(folder: Path) -> tuple[Part, ...]:
    """Read the parts of a bundle's fast form and check their files; empty if there is none.

    Raises UserError when a file is missing or damaged, or was made from another bundle.
    """
    if not (folder / FAST_FILE).exists():
        return ()
    found = FastFile.read(folder / FAST_FILE)
    damaged = [name for name, record in found.files.items() if not is_intact(folder / name, record)]
    if damaged or found.manifests != identify_bundle(folder):
        what = f"{damaged[0]} does not match its hash" if damaged else f"{FAST_FILE} was made from another model"
        raise UserError(
            f"the fast form of the model in {str(folder)!r} is not used, because {what}; expected it as it was made. "
            f"Make it again: python flows/promote.py --to {folder.name}."
        )
    return found.parts


def is_intact(path: Path, record: FileRecord) -> bool:
    """Tell whether a file exists and matches its hash."""
    return path.is_file() and record_file(path) == record


def load_parts(folder: Path, parts: tuple[Part, ...]) -> Classifier:
    """Load the models of a fast form; several are an ensemble."""
    loaded = [FastClassifier(choose_preparation(folder, it), OnnxNetwork(folder / it.name(ONNX_MODEL))) for it in parts]
    if parts[0].member is None:
        return loaded[0]
    return EnsembleClassifier(loaded, [part.weight for part in parts])


def choose_preparation(folder: Path, part: Part) -> Preparation:
    """Return the functions that encode texts for a model."""
    if part.encoding is not None:
        encoding = Encoding(**dict(part.encoding), description="")
        own = NeuralClassifier(folder, encoding, kernels="auto", prefix=begin_names(part.member))
        return Preparation(own.prepare, own.find_pieces)
    return Preparation(prepare_units(folder / part.name(UNITS_FILE), part.unit or "words"), lambda _text: [])


def prepare_units(path: Path, unit: Unit) -> Callable[[pa.Array], Prepared]:
    """Return the function that encodes whole texts as the words or characters of a baseline."""
    from tasks.encode.padding import OOV_ID
    from tasks.encode.sequences import ENCODE, load_tokenizer

    tokenizer = load_tokenizer(path)

    def prepare(texts: pa.Array) -> Prepared:
        found = ENCODE[unit](texts, tokenizer)
        owners = np.repeat(np.arange(len(texts)), found.num_tokens)
        num_oov = np.bincount(owners[found.ids == OOV_ID], minlength=len(texts))
        return Prepared(found, found.num_tokens.astype(np.int32), num_oov.astype(np.int32))

    return prepare
