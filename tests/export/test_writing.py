"""An export is complete, checks itself, and is used by a program that has only the two packages which it names."""

import json
import os
import re
import shutil
import subprocess
import sys
import venv
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pyarrow as pa
import pytest
from packaging.requirements import Requirement

from tasks.errors import UserError
from tasks.evaluate.bundle import load_bundle
from tasks.export import formats, quantization
from tasks.export.facts import EXPORT_FILE, VECTORS_FILE, ExportFile, VectorsFile
from tasks.export.formats import FORMATS, check_kind
from tasks.export.writing import Export, check_output, write_export
from tasks.ingest.clean import clean_texts
from tasks.objective.answers import choose_answers
from tasks.objective.facts import Rule
from tasks.store.outputs import record_file
from tasks.store.sums import read_sums, sum_tree

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning"),  # Keras saves with NumPy 1's protocol
]

CASES = (
    ("onnx", "nb-svm"),
    ("onnx", "average-pool"),
    ("onnx", "ensemble-stacked"),
    ("saved-model", "average-pool"),
    ("litert", "average-pool"),
)
INPUTS = {"nb-svm": ["tokens"], "average-pool": ["tokens"], "ensemble-stacked": ["nb-svm", "average-pool"]}


def describe_case(case: tuple[str, str]) -> str:
    return " of ".join(case)


@pytest.fixture(scope="module")
def data_dir(reviews_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the reviews that the bundles were made from, beside others."""
    folder = tmp_path_factory.mktemp("data") / "reviews"
    shutil.copytree(reviews_folder, folder / "words-0123456789abcdef")
    (folder / "a-0123456789abcdef").mkdir()
    (folder / "a-0123456789abcdef" / "test.parquet").write_text("other reviews")
    return folder.parent


@pytest.fixture(scope="module")
def exports(
    bundles: dict[str, Path], reviews_folder: Path, data_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], Path]:
    """The folder of an export for each case."""
    folder = tmp_path_factory.mktemp("exports")
    for format_name, model in CASES:
        bundle = load_bundle(bundles[model])
        data = {"test.parquet": record_file(reviews_folder / "test.parquet").sha256}
        bundle = replace(bundle, facts=bundle.facts.model_copy(update={"data": data}))
        output = folder / f"{format_name}-{model}"
        write_export(Export(bundle=bundle, format=FORMATS[format_name], output=output, data_dir=data_dir))
    return {case: folder / "-".join(case) for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=describe_case)
def test_export_describes_itself(case: tuple[str, str], exports: dict[tuple[str, str], Path]) -> None:
    format_name, model = case
    described = ExportFile.read(exports[case] / EXPORT_FILE)
    assert (described.format, described.model_id) == (format_name, f"{model}/f1")
    assert [given.name for given in described.inputs] == INPUTS[model]
    assert described.parity.texts == "30 test reviews and 76 made-up texts"
    assert described.parity.num_other_labels == 0
    assert described.cost.num_bytes > 0
    assert described.label_names == ("bad", "good")
    assert {"README.md", "MODEL_CARD.md", "SHA256SUMS"} <= {path.name for path in exports[case].iterdir()}
    assert read_sums(exports[case]) == sum_tree(exports[case])
    assert EXPORT_FILE in read_sums(exports[case])


@pytest.mark.parametrize("case", CASES, ids=describe_case)
def test_vectors_are_the_answers_of_the_model(
    case: tuple[str, str], exports: dict[tuple[str, str], Path], bundles: dict[str, Path]
) -> None:
    vectors = VectorsFile.read(exports[case] / VECTORS_FILE).vectors
    assert len(vectors) == 28
    bundle = load_bundle(bundles[case[1]])
    decided = bundle.decide(clean_texts(pa.array([it.text for it in vectors], pa.string())))
    np.testing.assert_allclose([it.probabilities for it in vectors], decided.probabilities, atol=1e-6)
    assert [it.label for it in vectors] == [bundle.label_names[index] for index in decided.predicted]
    if "average-pool" in (name := INPUTS[case[1]][-1], case[1]):
        assert {len(it.tokens[name]) for it in vectors} == {8}


def read_code(folder: Path) -> str:
    """The code in the README of an export."""
    (code,) = re.findall(r"```python\n(.*?)```", (folder / "README.md").read_text("utf-8"), re.DOTALL)
    return str(code)


def score(python: Path, folder: Path, script: Path, texts: list[str]) -> list[dict[str, object]]:
    """Run the code of the README as a person would; packages may lie beside the script."""
    script.write_text(read_code(folder))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [python, script, folder, *texts],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        cwd=script.parent,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def list_packages(*names: str) -> set[str]:
    """List packages with everything that they require."""
    found: set[str] = set()
    wanted = list(names)
    while wanted:
        name = wanted.pop()
        if name not in found:
            found.add(name)
            required = map(Requirement, metadata.requires(name) or [])
            wanted += [it.name for it in required if it.marker is None or it.marker.evaluate({"extra": ""})]
    return found


@pytest.fixture(scope="module")
def small_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a fresh environment with onnxruntime, tokenizers and what they require, and nothing else."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    for name in list_packages("onnxruntime", "tokenizers"):
        for file in metadata.files(name) or []:
            top = Path(str(metadata.distribution(name).locate_file(file.parts[0])))
            if not file.parts[0].startswith("..") and not (site / top.name).exists():
                (site / top.name).symlink_to(top)
    return folder / "bin" / "python"


def test_environment_of_the_consumer_has_none_of_this_project(small_python: Path, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    for name in ("tensorflow", "keras", "tasks", "sklearn", "pyarrow", "pandas"):
        done = subprocess.run(
            [small_python, "-c", f"import {name}"], env=environment, cwd=tmp_path, capture_output=True, check=False
        )
        assert done.returncode == 1, name


@pytest.mark.parametrize("case", [case for case in CASES if case[0] == "onnx"], ids=describe_case)
def test_consumer_with_two_packages_gets_the_same_answers(
    case: tuple[str, str], exports: dict[tuple[str, str], Path], small_python: Path, tmp_path: Path
) -> None:
    vectors = VectorsFile.read(exports[case] / VECTORS_FILE).vectors
    found = score(small_python, exports[case], tmp_path / "score.py", [it.text for it in vectors])
    for row, vector in zip(found, vectors, strict=True):
        assert row["label"] == vector.label, vector.text
        np.testing.assert_allclose(row["probabilities"], vector.probabilities, atol=2e-5)


@pytest.mark.parametrize("costs", [None, ((0.0, 1.0), (9.0, 0.0))])
def test_consumer_follows_a_rule(
    costs: tuple[tuple[float, ...], ...] | None,
    exports: dict[tuple[str, str], Path],
    small_python: Path,
    tmp_path: Path,
) -> None:
    folder = shutil.copytree(exports["onnx", "nb-svm"], tmp_path / "copy")
    rule = Rule(weights=(1.0, 20.0), costs=costs)
    ExportFile.read(folder / EXPORT_FILE).model_copy(update={"rule": rule}).write(folder / EXPORT_FILE)
    vectors = VectorsFile.read(folder / VECTORS_FILE).vectors
    found = score(small_python, folder, tmp_path / "score.py", [it.text for it in vectors])
    expected = choose_answers(np.array([it.probabilities for it in vectors]), rule)
    assert [row["label"] for row in found] == [("bad", "good")[index] for index in expected]
    assert [row["label"] for row in found] != [it.label for it in vectors]


@pytest.mark.parametrize("format_name", ["saved-model", "litert"])
def test_format_of_tensorflow_is_used_as_its_page_says(
    format_name: str, exports: dict[tuple[str, str], Path], tmp_path: Path
) -> None:
    # The package of LiteRT has the interpreter that TensorFlow brings.
    stub = tmp_path / "ai_edge_litert" / "interpreter.py"
    stub.parent.mkdir()
    stub.write_text("import tensorflow as tf\nInterpreter = tf.lite.Interpreter\n")
    folder = exports[format_name, "average-pool"]
    vectors = VectorsFile.read(folder / VECTORS_FILE).vectors
    found = score(Path(sys.executable), folder, tmp_path / "score.py", [it.text for it in vectors])
    for row, vector in zip(found, vectors, strict=True):
        assert row["label"] == vector.label, vector.text
        np.testing.assert_allclose(row["probabilities"], vector.probabilities, atol=2e-5)


@pytest.mark.parametrize("model", INPUTS)
def test_vectors_lead_from_tokens_to_probabilities(model: str, exports: dict[tuple[str, str], Path]) -> None:
    """What a program without the tokenizers checks itself against."""
    folder = exports["onnx", model]
    export = ExportFile.read(folder / EXPORT_FILE)
    session = onnxruntime.InferenceSession(folder / "model.onnx")
    for vector in VectorsFile.read(folder / VECTORS_FILE).vectors:
        tokens = {given.name: np.array([vector.tokens[given.name]], given.dtype) for given in export.inputs}
        (row,) = np.clip(session.run(["probabilities"], tokens)[0].astype(float), export.smallest, 1.0)
        scaled = row ** (1 / export.temperature)
        np.testing.assert_allclose(scaled / scaled.sum(), vector.probabilities, atol=2e-5)


def test_node_gets_the_same_answers(exports: dict[tuple[str, str], Path], tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None or not os.environ.get("NODE_PATH"):
        pytest.skip("needs Node.js, and onnxruntime-node in a folder that NODE_PATH names")
    for model in INPUTS:
        done = subprocess.run(
            [node, Path(__file__).with_name("check_vectors.js"), exports["onnx", model]],
            capture_output=True, text=True, check=False, cwd=tmp_path,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert done.stdout == "28 vectors agree\n"


def test_word_vectors_in_8_bits_are_smaller_and_answer_the_same(
    bundles: dict[str, Path], exports: dict[tuple[str, str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of the tiny model's bytes, hardly any are word vectors.
    monkeypatch.setattr(quantization, "LEAST_SAVING", -1.0)
    bundle = load_bundle(bundles["average-pool"])
    export = Export(bundle=bundle, format=FORMATS["onnx"], output=tmp_path / "out", data_dir=tmp_path, quantize="int8")
    described = write_export(export)
    assert (described.quantized, described.parity.bound) == ("int8", 0.05)
    assert 1e-7 < described.parity.max_difference < 0.05
    exact = onnx.load(exports["onnx", "average-pool"] / "model.onnx").graph.initializer
    found = onnx.load(tmp_path / "out" / "model.onnx").graph.initializer
    vectors = {(12, 16): onnx.TensorProto.FLOAT}
    assert vectors.items() <= {tuple(it.dims): it.data_type for it in exact}.items()
    assert {tuple(it.dims): it.data_type for it in found}[12, 16] in (onnx.TensorProto.INT8, onnx.TensorProto.UINT8)
    assert "0.05" in (tmp_path / "out" / "README.md").read_text("utf-8")


def test_8_bits_that_do_not_pay_are_refused(bundles: dict[str, Path], tmp_path: Path) -> None:
    export = Export(
        bundle=load_bundle(bundles["nb-svm"]), format=FORMATS["onnx"], output=tmp_path / "out", data_dir=tmp_path,
        quantize="int8",
    )  # fmt: skip
    with pytest.raises(UserError, match="--quantize int8 does not pay for nb-svm/f1"):
        write_export(export)


@pytest.mark.parametrize("format_name", ["saved-model", "litert"])
@pytest.mark.parametrize("model", ["nb-svm", "ensemble-stacked"])
def test_format_that_cannot_hold_a_model_says_so(format_name: str, model: str, bundles: dict[str, Path]) -> None:
    with pytest.raises(UserError, match=rf"{model}/f1 is of the kind .* which {format_name} cannot hold.*--to onnx"):
        check_kind(FORMATS[format_name], load_bundle(bundles[model]).facts)


def test_reviews_that_are_gone_are_no_hindrance(bundles: dict[str, Path], tmp_path: Path) -> None:
    export = Export(
        bundle=load_bundle(bundles["nb-svm"]), format=FORMATS["onnx"], output=tmp_path / "out", data_dir=tmp_path
    )
    assert write_export(export).parity.texts == "76 made-up texts"


def test_model_that_answers_otherwise_is_refused_and_leaves_nothing(
    bundles: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = load_bundle(bundles["nb-svm"])
    convert = formats.convert_bundle

    def convert_another(bundle: object, work: Path) -> object:
        parameters = bundle.classifier.model.parameters  # type: ignore[attr-defined]
        parameters.weights[:] = parameters.weights + 0.01
        try:
            return convert(bundle, work)  # type: ignore[arg-type]
        finally:
            parameters.weights[:] = parameters.weights - 0.01

    monkeypatch.setattr(formats, "convert_bundle", convert_another)
    export = Export(bundle=bundle, format=FORMATS["onnx"], output=tmp_path / "out", data_dir=tmp_path)
    with pytest.raises(UserError, match="nb-svm/f1 cannot be exported"):
        write_export(export)
    assert not list(tmp_path.iterdir())


def test_fault_of_an_exporter_is_one_line(
    bundles: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise NotImplementedError("no such operator\nand much more")

    monkeypatch.setattr(formats, "convert_bundle", fail)
    export = Export(
        bundle=load_bundle(bundles["nb-svm"]), format=FORMATS["onnx"], output=tmp_path / "out", data_dir=tmp_path
    )
    with pytest.raises(
        UserError, match=r"nb-svm/f1 cannot be written as onnx \(NotImplementedError: no such operator\)"
    ):
        write_export(export)


def test_output_that_holds_something_is_refused(tmp_path: Path) -> None:
    check_output(tmp_path / "new")
    check_output(tmp_path)
    (tmp_path / "notes").write_text("")
    with pytest.raises(UserError, match="exists; expected the name of a new folder"):
        check_output(tmp_path)
    with pytest.raises(UserError, match="exists; expected"):
        check_output(tmp_path / "notes")
