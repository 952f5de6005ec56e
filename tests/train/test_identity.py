"""What decides a model: a change of one variant makes that one again and no other."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tasks.errors import UserError
from tasks.objective.facts import Objective
from tasks.store.fingerprint import fingerprint
from tasks.store.outputs import FileRecord, Manifest
from tasks.train.identity import BACKEND_PACKAGES, backend_name, check_backend, decide_model, describe_computing
from tasks.train.settings import FitSettings
from tasks.train.variants import VARIANTS

SETTINGS = FitSettings(epochs=3, patience=2, batch_size=32, learning_rate=1e-3, seed=1)
# Prints the fingerprint of every variant's model, with the settings that its row asks for.
FINGERPRINTS = """
import json, sys
from tasks.encode.encodings import ENCODINGS
from tasks.store.fingerprint import fingerprint
from tasks.store.outputs import FileRecord, Manifest
from tasks.train.identity import decide_model
from tasks.train.settings import FitSettings
from tasks.train.variants import VARIANTS
names = ("tokenizer.json", "train.parquet", "validation.parquet", "test.parquet")
files = {name: FileRecord(sha256=name, num_bytes=1) for name in names}
found = {}
for row in VARIANTS.values():
    sequences = Manifest(
        kind="encoding", name=row.encoding, fingerprint="f", folder="f", facts={}, files=files, created="today",
        decided_by={"encoding": ENCODINGS[row.encoding].settings()},
    )
    settings = FitSettings(
        epochs=3, patience=2, batch_size=row.batch_size, learning_rate=row.learning_rate, seed=1
    )
    found[row.name] = fingerprint(decide_model(row, settings, sequences, num_classes=2))
print(json.dumps({"fingerprints": found, "keras": "keras" in sys.modules or "tensorflow" in sys.modules}))
"""


def make_sequences(**hashes: str) -> Manifest:
    content = {"tokenizer": "0", "train": "1", "validation": "2", "test": "3", **hashes}
    return Manifest(
        kind="encoding",
        name="words-10k-120",
        fingerprint="f",
        folder="encodings/f",
        decided_by={"encoding": {"kind": "words", "length": 120}},
        facts={},
        files={
            "tokenizer.json" if name == "tokenizer" else f"{name}.parquet": FileRecord(sha256=sha256, num_bytes=1)
            for name, sha256 in content.items()
        },
        created="today",
    )


def identify(variant: str = "lstm", *, num_classes: int = 2, sequences: Manifest | None = None, **changes: Any) -> str:
    """The fingerprint of a model, with some settings changed."""
    settings = replace(SETTINGS, **changes)
    return fingerprint(
        decide_model(VARIANTS[variant], settings, sequences or make_sequences(), num_classes=num_classes)
    )


@pytest.fixture(scope="module")
def answer() -> dict[str, Any]:
    """What the script prints for the table as it is."""
    done = subprocess.run([sys.executable, "-c", FINGERPRINTS], check=True, capture_output=True, text=True)
    content: dict[str, Any] = json.loads(done.stdout)
    return content


@pytest.fixture
def edit_table(
    answer: dict[str, Any], code_copy: Path, run_copy: Callable[[str], str]
) -> Callable[[str, str], set[str]]:
    """Edits the table of variants and returns the names of the variants whose fingerprints change."""

    def edit(old: str, new: str) -> set[str]:
        path = code_copy / "tasks" / "train" / "variants.py"
        before = answer["fingerprints"]
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))
        after = json.loads(run_copy(FINGERPRINTS))["fingerprints"]
        assert before.keys() == after.keys()
        return {name for name, value in after.items() if value != before[name]}

    return edit


def test_change_of_a_row_changes_that_variant_alone(edit_table: Callable[[str, str], set[str]]) -> None:
    assert edit_table("embedding_dim=64", "embedding_dim=48") == {"stacked-bilstm"}


def test_change_of_a_function_changes_the_variants_that_use_it(edit_table: Callable[[str, str], set[str]]) -> None:
    old, new = "return [layers.LSTM(units)", "return [layers.LSTM(33)"
    assert edit_table(old, new) == {"lstm", "long-lstm", "chrono-lstm"}


def test_change_of_how_a_variant_begins_changes_it_alone(edit_table: Callable[[str, str], set[str]]) -> None:
    assert edit_table("1.0, length - 1.0)", "1.0, length - 2.0)") == {"chrono-lstm"}


def test_comments_and_descriptions_change_no_variant(edit_table: Callable[[str, str], set[str]]) -> None:
    old = '"""Read word by word with a gated cell state (Hochreiter & Schmidhuber 1997)."""'
    assert edit_table(old, '"""Read with a gated cell state."""\n    # A comment.') == set()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"an LSTM of 32 units"', '"an LSTM of 32 units", mask=True'),
        ('"an LSTM of 32 units"', '"an LSTM of 32 units", batch_size=64'),
        ('"an LSTM of 32 units"', '"an LSTM of 32 units", learning_rate=0.01'),
        ('"an LSTM of 32 units"', '"an LSTM of 32 units", optimizer="adagrad"'),
        ('"an LSTM of 32 units"', '"an LSTM of 32 units", quantize="int8"'),
        ('"an LSTM of 32 units"', '"an LSTM of 32 units", word_dropout=0.1'),
        ('Variant("lstm", SEED_GROUP, WORDS', 'Variant("lstm", SEED_GROUP, "words-1k-120"'),
    ],
    ids=["mask", "batch size", "learning rate", "optimizer", "quantize", "word dropout", "encoding"],
)
def test_every_field_that_decides_the_weights_counts(
    old: str, new: str, edit_table: Callable[[str, str], set[str]]
) -> None:
    assert edit_table(old, new) == {"lstm"}


def test_deciding_imports_neither_keras_nor_its_backend(answer: dict[str, Any]) -> None:
    assert answer["keras"] is False


@pytest.mark.parametrize(
    "change",
    [
        {"epochs": 4},
        {"patience": 3},
        {"batch_size": 64},
        {"learning_rate": 0.01},
        {"seed": 2},
        {"kernels": "plain"},
        {"class_weights": (1.0, 9.0)},
        {"objective": Objective(metric="macro-f1")},
    ],
    ids=str,
)
def test_every_setting_of_the_training_counts(change: dict[str, Any]) -> None:
    assert identify(**change) != identify()


@pytest.mark.parametrize(("library", "same_as"), [(Path("_native.so"), "native"), (None, "tensorflow")])
def test_automatic_choice_of_kernels_is_named_in_what_decides(
    library: Path | None, same_as: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    monkeypatch.setattr("tasks.train.kernels.choice.find_library", lambda: library)
    monkeypatch.setattr("tasks.train.identity.hash_library", lambda: "one")
    assert identify(kernels="auto") == identify(kernels=same_as)


def test_build_of_the_c_library_counts_where_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    monkeypatch.setattr("tasks.train.kernels.choice.find_library", lambda: Path("_native.so"))
    monkeypatch.setattr("tasks.train.identity.hash_library", lambda: "one")
    before = {kernels: identify(kernels=kernels) for kernels in ("native", "tensorflow")}
    monkeypatch.setattr("tasks.train.identity.hash_library", lambda: "other")
    assert identify(kernels="native") != before["native"]
    assert identify(kernels="tensorflow") == before["tensorflow"]


def test_model_of_a_processor_is_not_reused_as_one_of_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {}
    for device in ("CPU", "NVIDIA H100", "NVIDIA H200"):
        monkeypatch.setattr("tasks.train.identity.find_device", lambda device=device: device)
        found[device] = identify()
    assert len(set(found.values())) == 3


def test_model_that_is_trained_on_the_cpu_is_the_same_whether_there_is_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = identify()
    monkeypatch.setattr("tasks.train.identity.find_device", lambda: "NVIDIA H100")
    assert identify(device="cpu") == alone
    assert identify(device="gpu") == identify(device="auto") != alone


@pytest.mark.parametrize(("wanted", "found"), [("cpu", "cpu"), ("auto", "gpu"), ("gpu", "gpu")])
def test_manifest_names_the_device_that_was_chosen(wanted: Any, found: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.train.identity.find_device", lambda: "NVIDIA H100")
    decided = decide_model(VARIANTS["lstm"], replace(SETTINGS, device=wanted), make_sequences(), num_classes=2)
    assert decided["settings"]["device"] == found


def test_on_a_gpu_the_c_library_takes_no_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    monkeypatch.setattr("tasks.train.kernels.choice.find_library", lambda: Path("_native.so"))
    monkeypatch.setattr("tasks.train.identity.find_device", lambda: "NVIDIA H100")
    assert describe_computing("auto") == {
        "backend": "tensorflow",
        "device": "NVIDIA H100",
        "kernels": "tensorflow",
        "library": None,
    }


def test_number_of_classes_counts() -> None:
    assert identify(num_classes=3) != identify()


@pytest.mark.parametrize(("split", "counts"), [("train", True), ("validation", True), ("test", False)])
def test_model_depends_on_what_it_learns_from_and_not_on_the_test_split(split: str, counts: bool) -> None:  # noqa: FBT001
    assert (identify(sequences=make_sequences(**{split: "other"})) != identify()) is counts


def test_everything_that_decides_is_plain_json() -> None:
    decided = decide_model(VARIANTS["lstm"], SETTINGS, make_sequences(), num_classes=2)
    assert json.loads(json.dumps(decided)) == decided


def test_backend_is_that_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert backend_name() == "jax"


def test_backend_is_that_of_the_config_file_of_keras(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "keras.json").write_text('{"backend": "jax"}')
    assert backend_name() == "jax"


def test_backend_is_that_of_the_config_file_in_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KERAS_BACKEND", "KERAS_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".keras").mkdir()
    (tmp_path / ".keras" / "keras.json").write_text('{"backend": "jax"}')
    assert backend_name() == "jax"


@pytest.mark.parametrize("content", [None, "", "{", "{}"])
def test_backend_is_tensorflow_when_nothing_says_otherwise(
    content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    if content is not None:
        (tmp_path / "keras.json").write_text(content)
    assert backend_name() == "tensorflow"


def test_backend_agrees_with_the_one_that_keras_has_chosen() -> None:
    import keras

    assert backend_name() == keras.backend.backend()


def test_another_backend_makes_another_model(monkeypatch: pytest.MonkeyPatch) -> None:
    fingerprints = set()
    for backend in ("tensorflow", "jax"):
        monkeypatch.setenv("KERAS_BACKEND", backend)
        fingerprints.add(identify())
    assert len(fingerprints) == 2


def test_versions_of_keras_and_its_backend_count() -> None:
    decided = decide_model(VARIANTS["lstm"], SETTINGS, make_sequences(), num_classes=2)
    assert set(decided["libraries"]) == {"keras", "numpy", *BACKEND_PACKAGES[backend_name()]}


def test_unknown_backend_is_an_error_with_a_suggestion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "jaxx")
    with pytest.raises(UserError, match="Did you mean 'jax'"):
        check_backend()


def test_backend_that_is_not_installed_is_an_error_that_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setattr("tasks.train.identity.find_spec", lambda _: None)
    with pytest.raises(UserError, match=r"pip install -e \"\.\[jax\]\""):
        check_backend()


def test_lessons_decide_a_model() -> None:
    def find_fingerprint(*lessons: Manifest) -> str:
        given = (lessons[0], lessons[1]) if lessons else None
        return fingerprint(
            decide_model(VARIANTS["distilled"], SETTINGS, make_sequences(), num_classes=2, lessons=given)
        )

    answers = make_sequences(answers="9")
    found = [
        find_fingerprint(),
        find_fingerprint(make_sequences(), answers),
        find_fingerprint(make_sequences(train="8"), answers),
        find_fingerprint(make_sequences(), make_sequences(answers="8")),
    ]
    assert len(set(found)) == len(found)
    assert find_fingerprint(make_sequences(), answers) == found[1]
