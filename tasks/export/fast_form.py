"""Give a bundle its fast form: its models in ONNX, compared with it before they are used."""

import logging
import os
import shutil
from pathlib import Path
from typing import Final

import pyarrow as pa

from tasks.errors import TrainingError, UserError
from tasks.evaluate.bundle import Bundle, identify_bundle, load_bundle
from tasks.evaluate.fast import FAST_FILE, FastFile, load_parts, read_parts
from tasks.evaluate.model_files import NEURAL_FILE, TOKENIZER_FILE
from tasks.export.conversion import convert_bundle
from tasks.export.parity import check_parity, compare
from tasks.export.sample_texts import list_texts
from tasks.ingest.clean import clean_texts
from tasks.process.child import ChildError, run_apart
from tasks.store.fingerprint import library_versions
from tasks.store.outputs import record_file

MAKE: Final = "tasks.export.fast_form:make_fast_form"
LIBRARIES: Final = ("onnx", "onnxruntime")

logger: Final = logging.getLogger(__name__)


def add_fast_form(folder: Path) -> None:
    """Give a bundle its fast form, unless it has one. If that fails, log why; the bundle can be used all the same.

    Networks are converted in another process, because that takes TensorFlow.
    """
    try:
        if has_fast_form(folder):
            return
        if any(name.name.endswith(NEURAL_FILE) for name in folder.iterdir()):
            run_apart(MAKE, folder=folder)
        else:
            make_fast_form(folder)
    except (UserError, TrainingError, ChildError, OSError) as error:
        logger.warning("single texts will be scored without ONNX Runtime, which takes longer: %s", error)


def has_fast_form(folder: Path) -> bool:
    """Tell whether a bundle has a fast form that is not damaged."""
    try:
        return bool(read_parts(folder))
    except UserError:
        return False


def make_fast_form(folder: Path) -> None:
    """Make the fast form of a bundle; onnx.json is written last.

    Raises UserError when the bundle cannot be loaded, or its models in ONNX do not answer as it does.
    """
    (folder / FAST_FILE).unlink(missing_ok=True)
    work = folder.with_name(f".{folder.name}.onnx")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    try:
        bundle = load_bundle(folder)
        parts = convert_bundle(bundle, work)
        made = [path.name for path in work.iterdir()]
        for path in folder.iterdir():
            # Not a tokenizer of an older fast form, which may be damaged.
            if path.name.endswith(TOKENIZER_FILE) and path.name not in made:
                shutil.copyfile(path, work / path.name)
        texts = clean_texts(pa.array(list_texts(bundle), pa.string()))
        exported = Bundle(work, bundle.facts, load_parts(work, parts))
        decisions = bundle.decide(texts), exported.decide(texts)
        parity = compare(*decisions, threshold=bundle.facts.threshold, rule=bundle.facts.metrics.rule)
        check_parity(parity, model=bundle.model_id)
        for name in made:
            os.replace(work / name, folder / name)
        FastFile(
            parts=parts,
            manifests=identify_bundle(folder),
            files={name: record_file(folder / name) for name in made},
            max_difference=parity.max_difference,
            versions=library_versions(*LIBRARIES),
        ).write(folder / FAST_FILE)
    finally:
        shutil.rmtree(work, ignore_errors=True)
