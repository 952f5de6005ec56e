"""Bundles that somebody made up, with hashes that fit: each is refused with one line, and no code in one is run."""

import io
import json
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pyarrow as pa
import pytest

from tasks.encode.encodings import Encoding
from tasks.errors import UserError
from tasks.evaluate.bundle import load_bundle
from tasks.store.outputs import record_file

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning", "ignore::UserWarning")

Craft = Callable[[Path], Any]
PublishBundle = Callable[[str, Path, Path, Any], Path]
TINY = Encoding(name="tiny", kind="words", vocab_size=12, length=6, padding="pre", description="")
NAMES = {"network": "average-pool", "baseline": "tfidf-linear"}


@pytest.fixture(scope="module")
def bundles(
    publish_bundle: PublishBundle, few_reviews: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """An honest bundle of each kind."""
    return {
        kind: publish_bundle(name, few_reviews, tmp_path_factory.mktemp(kind), TINY) for kind, name in NAMES.items()
    }


def seal(folder: Path) -> None:
    """Make both manifests fit the files as they are."""
    for name in ("training.json", "manifest.json"):
        try:
            content = json.loads((folder / name).read_text())
            content.pop("checksum")
            content["files"] = {
                file: record_file(folder / file).model_dump()
                for file, _ in content["files"].items()
                if (folder / file).is_file()
            }
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
            continue
        content["decided_by"].pop("model", None)
        (folder / name).write_text(json.dumps(content))


def change_json(name: str, *path: str | int, value: Any) -> Craft:
    """Replace one value within a JSON file."""

    def craft(folder: Path) -> None:
        content = place = json.loads((folder / name).read_text())
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
        (folder / name).write_text(json.dumps(content))

    return craft


def fact(*path: str, value: Any) -> Craft:
    return change_json("bundle.json", *path, value=value)


def write(name: str, content: bytes) -> Craft:
    return lambda folder: (folder / name).write_bytes(content)


def drop(*names: str) -> Craft:
    return lambda folder: [(folder / name).unlink() for name in names]


def put_folder(name: str) -> Craft:
    def craft(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).mkdir()

    return craft


def put_pipe(name: str) -> Craft:
    def craft(folder: Path) -> None:
        (folder / name).unlink()
        os.mkfifo(folder / name)

    return craft


def save_network(*layers: Any, inputs: int = TINY.length) -> Craft:
    """Put another network in the place of the bundle's."""

    def craft(folder: Path) -> None:
        keras.Sequential([keras.Input((inputs,)), *layers]).save(folder / "model.keras")

    return craft


def change_arrays(**changes: Any) -> Craft:
    """Replace arrays of a baseline; None leaves one out."""

    def craft(folder: Path) -> None:
        with np.load(folder / "model.npz") as arrays:
            content = {name: value for name, value in {**arrays, **changes}.items() if value is not None}
        np.savez(folder / "model.npz", **content)

    return craft


def call_the_system(_value: Any) -> Any:
    raise AssertionError("code of the bundle was run")


def pickle_an_array(folder: Path) -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with zipfile.ZipFile(folder / "model.npz", "w") as archive:
        archive.writestr("weights.npy", buffer.getvalue())


def point_to_a_class(folder: Path) -> None:
    """Name a class of the standard library in the network's configuration."""
    with zipfile.ZipFile(folder / "model.keras") as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(files["config.json"])
    config |= {"module": "subprocess", "class_name": "Popen", "registered_name": "Popen", "config": {"args": ["true"]}}
    with zipfile.ZipFile(folder / "model.keras", "w") as archive:
        for name, content in (files | {"config.json": json.dumps(config).encode()}).items():
            archive.writestr(name, content)


def drop_weights(folder: Path) -> None:
    with zipfile.ZipFile(folder / "model.keras") as archive:
        config = archive.read("config.json"), archive.read("metadata.json")
    with zipfile.ZipFile(folder / "model.keras", "w") as archive:
        archive.writestr("config.json", config[0])
        archive.writestr("metadata.json", config[1])


DEEP = b"[" * 200_000
CRAFTS: dict[str, tuple[str, Craft]] = {
    "manifest that is a list": ("baseline", write("manifest.json", b"[]")),
    "manifest that is null": ("baseline", write("training.json", b"null")),
    "manifest nested without end": ("baseline", write("manifest.json", DEEP)),
    "manifest that is a folder": ("baseline", put_folder("training.json")),
    "file list that is a list": ("baseline", change_json("manifest.json", "files", value=["bundle.json"])),
    "file list with a folder": ("baseline", put_folder("model.npz")),
    "file list with a path out": (
        "baseline",
        change_json("manifest.json", "files", value={"../../x": {"sha256": "0", "num_bytes": 1}}),
    ),
    "facts nested without end": ("baseline", write("bundle.json", DEEP)),
    "facts that are a folder": ("baseline", put_folder("bundle.json")),
    "facts that are a pipe": ("baseline", put_pipe("bundle.json")),
    "model that is a pipe": ("network", put_pipe("model.keras")),
    "temperature that is no number": ("baseline", fact("temperature", value=float("nan"))),
    "temperature that is infinite": ("baseline", write("bundle.json", b'{"temperature": 1e999}')),
    "labels that are numbers": ("baseline", fact("label_names", value=[1, 2])),
    "label that is not Unicode": ("baseline", fact("label_names", value=["bad", "\ud800"])),
    "length below one": ("network", fact("encoding", "length", value=0)),
    "length beyond memory": ("network", fact("encoding", "length", value=10**12)),
    "length of other inputs": ("network", fact("encoding", "length", value=TINY.length + 1)),
    "encoding of a baseline": ("baseline", fact("encoding", value={**TINY.settings(), "name": "tiny"})),
    "network without an encoding": ("network", fact("encoding", value=None)),
    "tokenizer that is text": ("network", write("tokenizer.json", b"once upon a time")),
    "tokenizer that is empty": ("network", write("tokenizer.json", b"")),
    "tokenizer of another kind": ("network", write("tokenizer.json", b'{"version": "1.0", "model": {"type": "X"}}')),
    "tokenizer nested without end": ("network", write("tokenizer.json", DEEP)),
    "network that is text": ("network", write("model.keras", b"once upon a time")),
    "network that is empty": ("network", write("model.keras", b"")),
    "network without weights": ("network", drop_weights),
    "network of a class of Python's": ("network", point_to_a_class),
    "network with code in it": (
        "network",
        save_network(keras.layers.Lambda(call_the_system, output_shape=(1,)), keras.layers.Dense(1)),
    ),
    "network of three outputs": ("network", save_network(keras.layers.Dense(3))),
    "network of other inputs": ("network", save_network(keras.layers.Dense(1), inputs=TINY.length + 3)),
    "network of two dimensions": (
        "network",
        save_network(keras.layers.Embedding(12, 4), keras.layers.Dense(1)),
    ),
    "network with fewer words": (
        "network",
        save_network(keras.layers.Embedding(2, 4), keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(1)),
    ),
    "weights that are text": ("baseline", write("model.npz", b"once upon a time")),
    "weights that are empty": ("baseline", write("model.npz", b"")),
    "weights that are pickled": ("baseline", pickle_an_array),
    "weights that are missing": ("baseline", change_arrays(weights=None)),
    "weights with one too many": ("baseline", change_arrays(more=np.zeros(3))),
    "weights of another shape": ("baseline", change_arrays(weights=np.zeros((3, 1)))),
    "weights of text": ("baseline", change_arrays(weights=np.array([["a"]]))),
    "classes out of range": ("baseline", change_arrays(classes=np.array([0, 99]))),
    "classes without end": ("baseline", change_arrays(num_classes=np.array(10**12))),
    "classes of two numbers": ("baseline", change_arrays(num_classes=np.array([2, 2]))),
    "weights that are no numbers": ("baseline", change_arrays(bias=np.array([np.nan]))),
    "vocabulary that is text": ("baseline", write("vocabulary.json", b"once upon a time")),
    "vocabulary that is a number": ("baseline", write("vocabulary.json", b"7")),
    "vocabulary of numbers": ("baseline", write("vocabulary.json", b"[1, 2]")),
    "vocabulary nested without end": ("baseline", write("vocabulary.json", DEEP)),
    "files of the model left out": ("baseline", drop("model.npz", "vocabulary.json")),
}


@pytest.mark.parametrize("name", CRAFTS)
def test_crafted_bundle_is_refused_in_one_line(name: str, bundles: dict[str, Path], tmp_path: Path) -> None:
    kind, craft = CRAFTS[name]
    folder = shutil.copytree(bundles[kind], tmp_path / "bundle")
    craft(folder)
    seal(folder)
    with pytest.raises(UserError) as refusal:
        load_bundle(folder).decide(pa.array(["a great film", "so dull"]))
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 1_000
    assert str(folder) in str(refusal.value)


@pytest.mark.parametrize("kind", NAMES)
def test_sealed_bundle_that_is_honest_is_used(kind: str, bundles: dict[str, Path], tmp_path: Path) -> None:
    """So that the others are refused for what is wrong with them."""
    folder = shutil.copytree(bundles[kind], tmp_path / "bundle")
    seal(folder)
    assert load_bundle(folder).decide(pa.array(["a great film"])).probabilities.shape == (1, 2)
