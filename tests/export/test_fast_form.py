"""A bundle's fast form answers as the bundle does, without Keras; one that is damaged is not used."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.evaluate.bundle import load_bundle
from tasks.evaluate.fast import FAST_FILE, FastFile, load_fast_bundle, needs_keras, read_parts
from tasks.export import fast_form
from tasks.export.fast_form import add_fast_form, make_fast_form
from tasks.export.parity import MOST_DIFFERENCE
from tasks.export.sample_texts import HARD_TEXTS, list_texts

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # Keras saves with NumPy 1's protocol

KINDS = ("nb-svm", "average-pool", "ensemble-stacked")


@pytest.fixture(scope="module")
def fast(bundles: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Copies of the bundles that have their fast forms."""
    folder = tmp_path_factory.mktemp("fast")
    for name, bundle in bundles.items():
        make_fast_form(shutil.copytree(bundle, folder / name))
    return {name: folder / name for name in bundles}


@pytest.mark.parametrize("kind", KINDS)
def test_fast_form_answers_as_the_bundle_does(kind: str, fast: dict[str, Path], reviews_folder: Path) -> None:
    reviews = pq.read_table(reviews_folder / "test.parquet").column("text").to_pylist()
    texts = pa.array([*reviews, *HARD_TEXTS], pa.string())
    own, quick = load_bundle(fast[kind]), load_fast_bundle(fast[kind])
    expected, found = own.decide(texts), quick.decide(texts)
    np.testing.assert_allclose(found.probabilities, expected.probabilities, atol=MOST_DIFFERENCE)
    np.testing.assert_array_equal(found.num_tokens, expected.num_tokens)
    np.testing.assert_array_equal(found.num_oov, expected.num_oov)
    np.testing.assert_array_equal(found.predicted, expected.predicted)
    assert (quick.model_id, quick.label_names) == (own.model_id, own.label_names)
    assert not needs_keras(quick.classifier)
    assert needs_keras(own.classifier) == (kind != "nb-svm")


def test_fast_form_imports_neither_tensorflow_nor_keras_nor_pandas(fast: dict[str, Path]) -> None:
    script = (
        "import sys; from tasks.cli.main import main; "
        f"main(['predict', '--model', {str(fast['ensemble-stacked'])!r}, '--text', 'a good film']); "
        "print(sorted({'tensorflow', 'keras', 'pandas', 'sklearn', 'prefect'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"
    assert json.loads(done.stdout)["predicted_label"] == "good"


@pytest.mark.parametrize("name", ["average-pool.model.onnx", "nb-svm.onnx-tokenizer.json", FAST_FILE])
def test_damaged_fast_form_is_named_and_not_used(
    name: str, fast: dict[str, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    copy = shutil.copytree(fast["ensemble-stacked"], tmp_path / "copy")
    content = (copy / name).read_bytes()
    (copy / name).write_bytes(bytes([content[0] ^ 1]) + content[1:])
    assert needs_keras(load_fast_bundle(copy).classifier)
    assert name in caplog.text


def test_fast_form_of_another_model_is_not_used(
    fast: dict[str, Path], bundles: dict[str, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    copy = shutil.copytree(bundles["average-pool"], tmp_path / "copy")
    for name in (FAST_FILE, "model.onnx", "onnx-tokenizer.json"):
        shutil.copy(fast["nb-svm"] / name, copy / name)
    assert needs_keras(load_fast_bundle(copy).classifier)
    assert "made from another model" in caplog.text


def test_missing_or_damaged_fast_form_is_made(bundles: dict[str, Path], tmp_path: Path) -> None:
    copy = shutil.copytree(bundles["nb-svm"], tmp_path / "copy")
    add_fast_form(copy)
    assert read_parts(copy)
    (copy / "model.onnx").write_text("damaged")
    add_fast_form(copy)
    assert read_parts(copy)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy"]
    assert FastFile.read(copy / FAST_FILE).max_difference < 1e-12


@pytest.mark.parametrize("kind", ["nb-svm", "ensemble-stacked"])
def test_whatever_is_damaged_of_a_fast_form_is_made_as_it_was(kind: str, fast: dict[str, Path], tmp_path: Path) -> None:
    copy = shutil.copytree(fast[kind], tmp_path / "copy")
    before = FastFile.read(copy / FAST_FILE).files
    tokenizers = [name for name in before if name.endswith("onnx-tokenizer.json")]
    assert tokenizers
    for name in tokenizers:
        (copy / name).write_bytes((copy / name).read_bytes()[:-100])
    make_fast_form(copy)
    assert read_parts(copy)
    assert {name: FastFile.read(copy / FAST_FILE).files[name] for name in tokenizers} == {
        name: before[name] for name in tokenizers
    }


def test_network_is_converted_in_another_process(bundles: dict[str, Path], tmp_path: Path) -> None:
    copy = shutil.copytree(bundles["average-pool"], tmp_path / "copy")
    add_fast_form(copy)
    assert read_parts(copy)


@pytest.mark.parametrize("name", ["nb-svm", "average-pool"])
def test_bundle_without_a_fast_form_stays_usable(
    name: str,
    bundles: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    copy = shutil.copytree(bundles[name], tmp_path / "copy")
    monkeypatch.setattr(fast_form, "MAKE", "tasks.export.fast_form:nothing")
    monkeypatch.setattr(fast_form, "convert_bundle", lambda *_: (_ for _ in ()).throw(OSError("no space left")))
    add_fast_form(copy)
    assert "takes longer" in caplog.text
    assert load_fast_bundle(copy).model_id == f"{name}/f1"


def test_model_that_would_answer_otherwise_gets_no_fast_form(
    bundles: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    copy = shutil.copytree(bundles["nb-svm"], tmp_path / "copy")
    convert: Callable[..., object] = fast_form.convert_bundle

    def convert_another(bundle: object, work: Path) -> object:
        parameters = bundle.classifier.model.parameters  # type: ignore[attr-defined]
        parameters.weights[:] = parameters.weights + 0.01
        try:
            return convert(bundle, work)
        finally:
            parameters.weights[:] = parameters.weights - 0.01

    monkeypatch.setattr(fast_form, "convert_bundle", convert_another)
    add_fast_form(copy)
    assert "cannot be exported" in caplog.text
    assert not (copy / FAST_FILE).exists()


def test_texts_to_compare_on_are_made_of_known_tokens(bundles: dict[str, Path]) -> None:
    for folder in bundles.values():
        bundle = load_bundle(folder)
        texts = list_texts(bundle)
        decided = bundle.decide(pa.array(texts[: -len(HARD_TEXTS)], pa.string()))
        assert len(decided.num_tokens) == 60
        assert decided.num_tokens.max() == 600
        assert not decided.num_oov.any()
