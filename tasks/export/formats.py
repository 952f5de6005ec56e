"""The table of formats: what each holds, and the function that writes it."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tasks.encode.padding import OOV_ID, PAD_ID
from tasks.encode.sequences import load_tokenizer
from tasks.errors import UserError
from tasks.evaluate.bundle import Bundle
from tasks.evaluate.classifier import NeuralClassifier
from tasks.evaluate.facts import BundleFacts
from tasks.evaluate.fast import ONNX_MODEL, UNITS_FILE, Part
from tasks.evaluate.model_files import TOKENIZER_FILE
from tasks.evaluate.onnx_network import INPUT
from tasks.export.conversion import convert_bundle
from tasks.export.facts import FormatName, InputFacts
from tasks.export.tokenizers import add_cleaning, add_lengths

SAVED_MODEL: Final = "saved_model"
LITERT_MODEL: Final = "model.tflite"


@dataclass(frozen=True, kw_only=True)
class Format:
    """A format: the name of its file or folder, and whether it holds only networks.

    `write` is given a bundle, the folder of the export and an empty folder for its work; it returns the inputs.
    """

    name: FormatName
    model: str
    only_networks: bool
    write: Callable[[Bundle, Path, Path], tuple[InputFacts, ...]]


def write_onnx(bundle: Bundle, folder: Path, work: Path) -> tuple[InputFacts, ...]:
    """Write one ONNX graph, also for an ensemble, and a tokenizer for each of its inputs."""
    parts = convert_bundle(bundle, work)
    if len(parts) == 1:
        shutil.move(work / parts[0].name(ONNX_MODEL), folder / ONNX_MODEL)
    else:
        import onnx

        from tasks.export.merging import merge_parts

        onnx.save(merge_parts(work, parts), folder / ONNX_MODEL)
    return tuple(write_input(part, bundle.folder, folder, work) for part in parts)


def write_input(part: Part, source: Path, folder: Path, work: Path) -> InputFacts:
    """Write the tokenizer of an input, which cleans, cuts and pads, and describe the input."""
    encoding = part.encoding
    path = source / part.name(TOKENIZER_FILE) if encoding else work / part.name(UNITS_FILE)
    given = InputFacts(
        name=part.member or INPUT,
        dtype="int32" if encoding else "int64",
        tokenizer=part.name(TOKENIZER_FILE),
        length=encoding.length if encoding else None,
        padding="left" if encoding and encoding.padding == "pre" else "right",
        pad_id=PAD_ID,
        unknown_id=OOV_ID,
    )
    tokenizer = add_lengths(add_cleaning(load_tokenizer(path)), length=given.length, padding=given.padding)
    tokenizer.save(str(folder / given.tokenizer), pretty=False)
    return given


def write_saved_model(bundle: Bundle, folder: Path, work: Path) -> tuple[InputFacts, ...]:
    """Write a network as a SavedModel."""
    from tasks.export import networks

    networks.write_saved_model(networks.load_network(find_file(bundle)), folder / SAVED_MODEL)
    return (write_input(Part(encoding=bundle.facts.encoding), bundle.folder, folder, work),)


def write_tflite(bundle: Bundle, folder: Path, work: Path) -> tuple[InputFacts, ...]:
    """Write a network for LiteRT, which predicts one text at a time."""
    from tasks.export.networks import load_network
    from tasks.export.tensorflow_formats import write_litert

    write_litert(load_network(find_file(bundle), num_texts=1), folder / LITERT_MODEL)
    return (write_input(Part(encoding=bundle.facts.encoding), bundle.folder, folder, work),)


def find_file(bundle: Bundle) -> Path:
    """Return the file of the network that a bundle is."""
    if not isinstance(bundle.classifier, NeuralClassifier):
        raise TypeError(f"{bundle.model_id} is no network")
    return bundle.classifier.path


def check_kind(chosen: Format, facts: BundleFacts) -> None:
    """Raise UserError when a format cannot hold a model of this kind."""
    if chosen.only_networks and facts.kind != "neural":
        raise UserError(
            f"{facts.model_id} is of the kind {facts.kind!r}, which {chosen.name} cannot hold; expected a network. "
            "Choose --to onnx."
        )


_ROWS: Final = (
    Format(name="onnx", model=ONNX_MODEL, only_networks=False, write=write_onnx),
    Format(name="saved-model", model=SAVED_MODEL, only_networks=True, write=write_saved_model),
    Format(name="litert", model=LITERT_MODEL, only_networks=True, write=write_tflite),
)
FORMATS: Final = {row.name: row for row in _ROWS}
