"""Export a bundle: write the model and everything that is needed to use it, and compare it with the bundle."""

import contextlib
import os
import shutil
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tasks.errors import UserError
from tasks.evaluate.bundle import MOST_OF_REASON, Bundle, Decided
from tasks.evaluate.calibration import SMALLEST, apply_temperature
from tasks.evaluate.classifier import measure_files
from tasks.evaluate.metrics import predict_labels
from tasks.evaluate.onnx_network import OUTPUT
from tasks.export import quantization
from tasks.export.consumer import Consumer, load_runner
from tasks.export.costs import Speeds, measure_speeds
from tasks.export.facts import (
    EXPORT_FILE,
    VECTORS_FILE,
    CostFacts,
    ExportFile,
    InputFacts,
    ParityFacts,
    Vector,
    VectorsFile,
)
from tasks.export.formats import Format
from tasks.export.parity import MOST_DIFFERENCE, check_parity, compare
from tasks.export.quantization import quantize
from tasks.export.readme import write_readme
from tasks.export.reviews import read_test_reviews
from tasks.export.sample_texts import HARD_TEXTS, list_texts
from tasks.ingest.clean import clean_texts
from tasks.store.fingerprint import library_versions
from tasks.store.sums import sum_tree, write_sums

CARD: Final = "MODEL_CARD.md"
LIBRARIES: Final = ("onnx", "onnxruntime", "tokenizers", "keras", "tensorflow")
# Every so many of the made-up texts becomes a test vector.
VECTOR_STEP: Final = 5


@dataclass(frozen=True, kw_only=True)
class Export:
    """What to export in which format, where to, and where the reviews are that the result is compared on.

    With `quantize`, word vectors are stored in 8 bits.
    """

    bundle: Bundle
    format: Format
    output: Path
    data_dir: Path
    quantize: Literal["int8"] | None = None

    @property
    def bound(self) -> float:
        """How far a probability may be from that of the bundle."""
        return quantization.MOST_DIFFERENCE if self.quantize else MOST_DIFFERENCE


def write_export(export: Export) -> ExportFile:
    """Write the folder of an export, which appears when it is complete, and return what it says about itself.

    Raises UserError when the format cannot hold the model, or the exported model does not answer as the bundle does.
    """
    work = export.output.with_name(f".{export.output.name}.export")
    shutil.rmtree(work, ignore_errors=True)
    folder, scratch = work / "export", work / "scratch"
    for path in (folder, scratch):
        path.mkdir(parents=True)
    try:
        described = fill(export, folder, scratch)
        os.replace(folder, export.output)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return described


def fill(export: Export, folder: Path, scratch: Path) -> ExportFile:
    """Write all files of an export."""
    bundle = export.bundle
    with faults_explained(export):
        inputs = export.format.write(bundle, folder, scratch)
        if export.quantize:
            quantize(folder / export.format.model, bundle)
        consumer = Consumer(folder, load_runner(export.format.name, folder / export.format.model), inputs)
    texts, own = list_texts(bundle), Own(bundle)
    write_vectors(folder / VECTORS_FILE, [*texts[: -len(HARD_TEXTS) : VECTOR_STEP], *HARD_TEXTS], own, consumer)
    reviews = read_test_reviews(bundle.facts, export.data_dir)
    parity = measure_parity(own, consumer, reviews, texts, bound=export.bound)
    own_speed, speed = measure_speeds(own.decide, consumer.score, reviews or texts)
    described = ExportFile(
        model_id=bundle.model_id,
        dataset=bundle.facts.dataset.name,
        format=export.format.name,
        quantized=export.quantize,
        model=export.format.model,
        inputs=inputs,
        output=OUTPUT,
        label_names=bundle.label_names,
        temperature=bundle.facts.temperature,
        threshold=bundle.facts.threshold,
        rule=bundle.facts.metrics.rule,
        smallest=SMALLEST,
        parity=parity,
        own_cost=describe_cost(own_speed, measure_files(bundle.folder)),
        cost=describe_cost(speed, measure_export(folder, inputs, export.format)),
        versions=library_versions(*LIBRARIES),
    )
    described.write(folder / EXPORT_FILE)
    shutil.copyfile(bundle.folder / CARD, folder / CARD)
    write_readme(folder / "README.md", described)
    write_sums(folder, sum_tree(folder))
    return described


@contextlib.contextmanager
def faults_explained(export: Export) -> Iterator[None]:
    """Turn what a library says of a model that it cannot export into a UserError."""
    try:
        yield
    except (UserError, OSError, MemoryError):
        raise
    except Exception as error:
        reason = textwrap.shorten("".join(str(error).splitlines()[:1]), MOST_OF_REASON, placeholder="...")
        raise UserError(
            f"{export.bundle.model_id} cannot be written as {export.format.name} ({type(error).__name__}: {reason}); "
            "expected layers that the format knows. Choose another format."
        ) from error


class Own:
    """The bundle as a function from raw texts to answers."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle

    def decide(self, texts: Sequence[str]) -> Decided:
        """Clean and score texts."""
        return self.bundle.decide(clean_texts(pa.array(texts, pa.string())))

    def calibrate(self, uncalibrated: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """Turn the exported model's output into calibrated probabilities and answers."""
        probabilities = apply_temperature(uncalibrated, self.bundle.facts.temperature)
        return probabilities, predict_labels(
            probabilities, threshold=self.bundle.facts.threshold, rule=self.bundle.facts.metrics.rule
        )


def measure_parity(
    own: Own, consumer: Consumer, reviews: Sequence[str], texts: Sequence[str], *, bound: float
) -> ParityFacts:
    """Compare the answers on test reviews and on made-up texts; raises UserError when they differ."""
    expected = own.decide([*reviews, *texts])
    probabilities, predicted = own.calibrate(consumer.score([*reviews, *texts]))
    found = expected._replace(probabilities=probabilities, predicted=predicted)
    facts = own.bundle.facts
    parity = compare(expected, found, threshold=facts.threshold, rule=facts.metrics.rule, bound=bound)
    check_parity(parity, model=own.bundle.model_id, bound=bound)
    what = f"{len(reviews):,} test reviews and " if reviews else ""
    return ParityFacts(
        texts=f"{what}{len(texts):,} made-up texts",
        num_texts=parity.num_texts,
        num_other_labels=parity.num_other_labels,
        max_difference=parity.max_difference,
        bound=bound,
    )


def write_vectors(path: Path, texts: Sequence[str], own: Own, consumer: Consumer) -> None:
    """Write texts with their token ids and the bundle's answers."""
    decided = own.decide(texts)
    vectors = []
    for index, text in enumerate(texts):
        tokens = {name: tuple(ids[0].tolist()) for name, ids in consumer.encode([text]).items()}
        label = own.bundle.label_names[decided.predicted[index]]
        probabilities = tuple(decided.probabilities[index].tolist())
        vectors.append(Vector(text=text, tokens=tokens, probabilities=probabilities, label=label))
    VectorsFile(vectors=tuple(vectors)).write(path)


def describe_cost(speeds: Speeds, num_bytes: int) -> CostFacts:
    """Gather speeds and size."""
    return CostFacts(single_per_second=speeds.single, batch_per_second=speeds.batch, num_bytes=num_bytes)


def measure_export(folder: Path, inputs: Sequence[InputFacts], chosen: Format) -> int:
    """Add up the bytes of the files that are needed to predict."""
    model = folder / chosen.model
    files = [path for path in model.rglob("*") if path.is_file()] if model.is_dir() else [model]
    return sum(path.stat().st_size for path in [*files, *(folder / given.tokenizer for given in inputs)])


def check_output(output: Path) -> None:
    """Raise UserError when something is in the place of the export."""
    if output.exists() and not (output.is_dir() and not any(output.iterdir())):
        raise UserError(
            f"--output {str(output)!r} exists; expected the name of a new folder. Choose another, or remove it."
        )
