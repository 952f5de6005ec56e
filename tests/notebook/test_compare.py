"""A data frame becomes a leaderboard, without Prefect, and bad settings and data are one line."""

import hashlib
import json
import logging
import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tasks.cli.parsing import parse_command_line
from tasks.errors import UserError
from tasks.evaluate.metric_table import METRICS
from tasks.notebook import Leaderboard, compare, load
from tasks.objective.answers import choose_answers
from tasks.settings.run import RunConfig
from tasks.stack import members
from tests import warm
from tests.tiny_encoder import write_encoder_folder

pytestmark = pytest.mark.slow

CHECKOUT = Path(__file__).parents[2]
README = (CHECKOUT / "tasks" / "notebook" / "README.md").read_text("utf-8")
WORDS = {"good": ("great", "fine", "fun"), "bad": ("dull", "poor", "grim")}
# Before the documented example: a frame. After it: what it gave, and whether Prefect was there.
SCRIPT = """
import json, sys
import pandas as pd
frame = pd.read_parquet(sys.argv[1])
{example}
print(json.dumps({{
    "prefect": [name for name in sys.modules if name.partition(".")[0] == "prefect"],
    "rows": leaderboard.content.model_dump(mode="json")["variants"],
    "report": str(leaderboard.report),
    "scores": scores.to_dict("records"),
    "of_one_model": list(load(leaderboard.bundle("nb-svm")).predict(["great fun", "dull, grim"])["predicted_label"]),
}}))
"""


def make_frame(num_rows: int = 120) -> pd.DataFrame:
    """Rows whose words tell the label, each text another."""
    rows = []
    for number in range(num_rows):
        label = list(WORDS)[number % 2]
        words = WORDS[label]
        rows.append((f"a {words[number % 3]} and {words[number % 2]} film number {number}", label))
    return pd.DataFrame(rows, columns=["text", "label"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("notebook")


@pytest.fixture(scope="module")
def example(folder: Path) -> dict[str, Any]:
    """What README's example gives, run in a process of its own beside a file of the frame."""
    make_frame().to_parquet(folder / "frame.parquet", index=False)
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(example=code), "frame.parquet"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "BAKEOFF_TEST_PATH": "nowhere.csv"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def test_documented_example_works_without_prefect(example: dict[str, Any], folder: Path) -> None:
    assert example["prefect"] == []
    assert {row["name"] for row in example["rows"]} >= {"flatten", "conv-max", "nb-svm", "majority", "ensemble"}
    assert {row["status"] for row in example["rows"]} == {"ok"}
    report = Path(example["report"])
    assert report.is_relative_to(folder / "bakeoff" / "artifacts" / "runs")
    assert "report.html" in report.name
    assert "frame" in report.read_text("utf-8")
    # Which of several equals is recommended depends on their speed, and some have a threshold far from a half.
    assert example["of_one_model"] == ["good", "bad"]
    assert len(example["scores"]) == 2
    for row in example["scores"]:
        assert row["confidence"] == row[f"p_{row['predicted_label']}"]
        assert row["p_good"] + row["p_bad"] == pytest.approx(1)


def test_numbers_are_those_of_the_flow(example: dict[str, Any], folder: Path, prefect_api: str) -> None:
    command = [sys.executable, str(CHECKOUT / "flows" / "train_all.py"), "--dataset=frame.parquet", "--epochs=3"]
    command += ["--variants=flatten,conv-max", f"--data-dir={folder}/data", f"--artifacts-dir={folder}/artifacts"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BAKEOFF_")}
    warm.run(command, cwd=folder, env=environment | {"PREFECT_API_URL": prefect_api}).check_returncode()
    found = json.loads((folder / "artifacts" / "runs" / "latest" / "leaderboard.json").read_text())["variants"]
    names = ["name", "validation_accuracy", "epochs", "num_params", "val_loss", *(metric.name for metric in METRICS)]
    assert [[row[name] for name in names] for row in found] == [
        [row[name] for name in names] for row in example["rows"]
    ]
    assert not (folder / "bakeoff" / "artifacts" / "champion").exists()


def make_chinese_frame(num_rows: int = 400) -> pd.DataFrame:
    """Rows without spaces, in which one of a few words among fillers tells the label."""
    fillers = [
        "房间",
        "早餐",
        "服务",
        "位置",
        "今天",
        "晚上",
        "真的",
        "觉得",
        "非常",
        "老板",
        "我们",
        "推荐",
        "的",
        "了",
    ]
    telling = {"good": ("满意", "好吃", "干净"), "bad": ("糟糕", "失望", "冷淡")}
    rng = np.random.default_rng(0)
    rows = []
    for number in range(num_rows):
        label = list(telling)[number % 2]
        words = [*rng.choice(fillers, 9), rng.choice(telling[label])]
        rows.append(("".join(rng.permutation(words)), label))
    return pd.DataFrame(rows, columns=["text", "label"])


def test_language_without_spaces_is_learned_from_characters(tmp_path: Path) -> None:
    found = compare(make_chinese_frame(), variants="flatten", epochs=1, folder=tmp_path, name="hotels")

    rows = {row.name: row for row in found.rows}
    assert rows["nb-svm-chars"].accuracy.mean > 0.95  # type: ignore[union-attr]  # it has one
    assert rows["nb-svm"].accuracy.mean < 0.6  # type: ignore[union-attr]
    assert found.recommended in ("nb-svm-chars", "tfidf-chars")
    assert rows["flatten"].encoding == "unicode-words-10k-120"
    assert found.content.run.encoding is not None
    assert "scripts without spaces between words (Chinese)" in found.report.read_text("utf-8")


@pytest.fixture(scope="module")
def leaderboard(folder: Path) -> Leaderboard:
    """A network and the baselines, in a folder of their own, and an ensemble even if it does not help."""
    frame = make_frame().rename(columns={"text": "body", "label": "mood"})
    frame["title"] = "film"
    columns: dict[str, Any] = {"text": ("title", "body"), "label": "mood"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(members, "is_gain", lambda *_: True)
        return compare(
            frame, **columns, variants="flatten", stack=True, epochs=1, folder=folder / "own", name="own set"
        )


def test_rows_are_attributes_and_a_frame(leaderboard: Leaderboard) -> None:
    assert leaderboard.content.run.dataset == "own-set"
    assert list(leaderboard.frame["name"]) == [row.name for row in leaderboard.rows]
    first = leaderboard.rows[0]
    assert first.accuracy is not None
    assert leaderboard.frame["accuracy"][0] == first.accuracy.mean
    assert leaderboard.report.is_file()


def test_bundle_is_that_of_a_model_or_of_the_recommended_one(leaderboard: Leaderboard) -> None:
    assert leaderboard.bundle("flatten").parent.name == "flatten"
    assert leaderboard.bundle().parent.name == leaderboard.recommended
    with pytest.raises(UserError, match=r"no trained model 'flaten'; expected one of .* Did you mean 'flatten'\?"):
        leaderboard.bundle("flaten")


def test_ensemble_is_a_model_like_any_other(leaderboard: Leaderboard) -> None:
    row = next(row for row in leaderboard.rows if row.name == "ensemble-stacked")
    assert (row.status, row.group, row.seeds) == ("ok", "stacked", 1)
    assert row.file_bytes
    assert row.predict_reviews_per_second
    model = load(leaderboard.bundle("ensemble-stacked"))
    assert model.facts.kind == "ensemble"
    scores = model.predict(["a warm and clever film", "dull"])
    assert (scores["p_good"] + scores["p_bad"]).tolist() == pytest.approx([1, 1])


def test_second_call_reuses_everything(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings: dict[str, Any] = {"variants": "flatten", "epochs": 1, "baselines": "majority", "folder": folder / "again"}
    with caplog.at_level(logging.INFO, logger="tasks.notebook"):
        compare(make_frame(), **settings)
        assert "flatten-1: epoch 1/1" in caplog.text
        made = [line for line in caplog.messages if "made" in line]
        caplog.clear()
        # Neither the index nor other columns count.
        compare(make_frame().set_index(pd.Index(range(1000, 1120))).assign(note="x"), **settings)
    assert len(made) == 7
    reused = [line for line in caplog.messages if "fingerprint" in line]
    assert len(reused) == len(made)
    assert all(line.endswith("reused: same fingerprint") for line in reused)
    assert list((folder / "again" / "data" / ".work").iterdir()) == []


def test_warnings_of_the_data_check_are_logged(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    frame = pd.concat([make_frame(), pd.DataFrame({"text": [None], "label": ["good"]})])
    compare(frame, variants="flatten", epochs=1, baselines="majority", folder=folder / "again")
    assert "1 of 121 rows dropped (share 0.0083): 1 missing text (first: row 121 of the frame)\n" in caplog.text


def test_split_column_decides_the_splits(folder: Path) -> None:
    split = ["test"] * 20 + ["validation"] * 10 + ["train"] * 90
    content = compare(
        make_frame().assign(split=split), variants="flatten", epochs=1, baselines="majority", folder=folder / "split"
    ).content
    assert content.run.num_reviews.model_dump() == {"train": 90, "validation": 10, "test": 20}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epochs": 0}, r"^epochs: input should be greater than or equal to 1, got 0\.$"),
        ({"batch_size": 0}, "^batch_size: input should be greater"),
        ({"label": ""}, "^label: string should have at least 1 character"),
        ({"name": ""}, "^name: string should have at least 1 character"),
        ({"variants": "flaten"}, "^variants: unknown variant 'flaten'.* Did you mean 'flatten'"),
        ({"text": "texts"}, "^the frame has no column 'texts'; expected one of 'text', 'label'. Did you mean 'text'"),
        ({"label": "text"}, "column 'text' is chosen as both text and label; expected two different columns"),
    ],
)
def test_bad_settings_are_one_line_about_the_argument(settings: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message):
        compare(make_frame(), folder=tmp_path, **settings)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame({"text": ["a"] * 4, "label": [1, "b", 2, "c"]}), "mixes types"),
        (
            pd.DataFrame({"text": ["a b", "c d"] * 20, "label": ["x"] * 40}),
            r"expected two or more classes\. Is it the right column\? Choose another with `label`\.$",
        ),
        (
            pd.DataFrame({"text": [None, "c d"] * 20, "label": ["x", "y"] * 20}),
            r"^the frame: 20 of 40 rows dropped .* \(first: row 1 of the frame\), more than `max_dropped_share` 0\.05",
        ),
        (
            pd.DataFrame({"text": [["a"], ["b"]] * 20, "label": ["x", "y"] * 20}),
            "^row 1 of the frame holds an object or a list in column 'text'",
        ),
        (
            pd.DataFrame({"text": ["a", "b"], "label": ["x", "y"]}).head(0),
            r"^the frame has no rows; expected labelled texts in it\. Choose another\.$",
        ),
        (pd.DataFrame([["a", "b", "c"]], columns=["text", "text", "label"]), "the frame has 2 columns 'text'"),
    ],
    ids=["mixed types", "one class", "missing texts", "lists", "no rows", "column twice"],
)
def test_data_that_cannot_be_used_are_one_line(frame: pd.DataFrame, message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message) as caught:
        compare(frame, folder=tmp_path)
    assert not re.search(r"\n|--|\.parquet", str(caught.value))
    assert not list(tmp_path.glob("data/reviews/*"))
    assert not list(tmp_path.glob("data/.work/frame-*"))


def test_failed_model_is_a_row_with_its_reason(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("tasks.train.output.TRAIN", "tasks.train.training:no_such_function")
    board = compare(make_frame(), variants="conv-max", epochs=1, baselines="majority", folder=folder / "again")
    row = board.rows[-1]
    assert (row.name, row.status) == ("conv-max", "failed")
    assert "no_such_function" in str(row.reason)
    assert "conv-max with seed 1 failed: " in caplog.text
    assert board.recommended is None
    with pytest.raises(
        UserError, match="no model is recommended, because none beats chance; expected a name: majority"
    ):
        board.bundle()


def test_defaults_are_those_of_the_flow() -> None:
    # What a notebook chooses for itself: few models, those of its own, and where things lie.
    own = {"frame", "text", "label", "slices", "variants", "own_variants", "own_baselines", "name", "folder"}
    defaults = {name: it.default for name, it in signature(compare).parameters.items() if name not in own}
    assert defaults == {name: RunConfig.model_fields[name].default for name in defaults}
    assert {"seeds", "epochs", "baselines", "kernels"} <= defaults.keys()


def test_models_of_ones_own_are_compared_and_can_be_used(tmp_path: Path) -> None:
    leaderboard = compare(
        make_frame(),
        own_variants={"my-conv": {"base": "conv-max", "filters": 8, "dropout": 0.2, "encoding": {"length": 20}}},
        own_baselines={"my-svm": {"base": "nb-svm", "inverse_penalty": 0.5}},
        baselines="majority,my-svm",
        epochs=2,
        stack=True,
        folder=tmp_path,
    )
    rows = {row.name: row for row in leaderboard.content.variants}
    assert {row.status for row in rows.values()} == {"ok"}
    assert {"my-conv", "my-svm"} <= rows.keys()
    assert (rows["my-conv"].group, rows["my-conv"].encoding) == ("own", "words-10k-20")
    # Word vectors, filters with biases, a dense layer of 24 units and the head.
    assert rows["my-conv"].num_params == 10_000 * 16 + (5 * 16 + 1) * 8 + (8 + 1) * 24 + 25
    card = (leaderboard.bundle("my-conv") / "MODEL_CARD.md").read_text("utf-8")
    assert "Conv-max with encoding length 20, dropout 0.2, filters 8." in card
    (command,) = re.findall(r"^python .*", card, re.MULTILINE)
    again = parse_command_line(shlex.split(command)[2:], RunConfig, program="train")
    assert again.chosen_variants[0].definition == {
        "base": "conv-max", "encoding": {"length": 20}, "dropout": 0.2, "filters": 8,
    }  # fmt: skip
    assert "my-svm" in (leaderboard.bundle("my-svm") / "MODEL_CARD.md").read_text("utf-8")
    assert set(load(leaderboard.bundle("my-conv")).predict(["a fine film"])["predicted_label"]) <= set(WORDS)


def test_wrong_model_of_ones_own_is_refused() -> None:
    with pytest.raises(UserError, match=r"^\[variants.my-conv\]: conv-max has no field 'units'"):
        compare(make_frame(), own_variants={"my-conv": {"base": "conv-max", "units": 8}})


@pytest.mark.parametrize("jobs", [1, 2])
def test_models_that_do_not_fit_into_the_minutes_are_left_out_until_there_are_more(jobs: int, tmp_path: Path) -> None:
    def train(minutes: float) -> tuple[set[str], set[str]]:
        names: Any = {"variants": ("flatten", "average-pool"), "baselines": ("nb-svm", "tfidf-linear", "majority")}
        leaderboard = compare(make_frame(), epochs=1, jobs=jobs, minutes=minutes, folder=tmp_path, **names)
        found = leaderboard.content.run.time_budget
        assert found is not None
        trained = {row.name for row in leaderboard.rows if row.group != "ensemble" and row.status == "ok"}
        return trained, {it.name for it in found.left_out if it.needed_seconds is None}

    assert train(1e-9) == ({"nb-svm", "majority"}, {"tfidf-linear", "flatten", "average-pool"})
    assert train(600) == ({"nb-svm", "tfidf-linear", "majority", "flatten", "average-pool"}, set())
    assert train(1e-9)[1] == set()


def test_number_of_jobs_changes_no_bit_of_a_model(tmp_path: Path) -> None:
    def train(jobs: int) -> dict[str, Any]:
        chosen = ("conv-max", "lstm", "attention", "average-pool")
        leaderboard = compare(
            make_frame(), variants=chosen, baselines=("nb-svm",), epochs=1, jobs=jobs, folder=tmp_path / str(jobs)
        )
        rows = [row for row in leaderboard.content.variants if row.shipped]
        assert {row.jobs for row in rows} == {jobs}
        return {row.name: hash_weights(leaderboard.bundle(row.name)) for row in rows}

    alone, together = train(1), train(2)
    assert len(alone) == 5
    assert together == alone


def hash_weights(bundle: Path) -> tuple[str, dict[str, str]]:
    """Hash the arrays of a bundle, because the times in a file differ; with the fingerprint."""
    with zipfile.ZipFile(next(bundle.glob("model.*"))) as files:
        arrays = {name: files.read(name) for name in files.namelist() if name.endswith((".h5", ".npy"))}
    return bundle.name, {name: hashlib.sha256(content).hexdigest() for name, content in arrays.items()}


def test_model_that_would_take_hours_is_a_warning(
    folder: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.notebook.pipeline.find_slowness", lambda *_: "onehot-conv: it takes hours")
    compare(make_frame(), variants="flatten", epochs=1, baselines="majority", folder=folder / "again")
    assert "onehot-conv: it takes hours" in caplog.messages


def test_columns_slice_the_report(folder: Path) -> None:
    frame = make_frame().assign(region=["north", "south", None, "west"] * 30)
    settings: dict[str, Any] = {"variants": "flatten", "epochs": 1, "baselines": "majority", "folder": folder / "again"}
    board = compare(frame, slices="region", **settings)
    metrics = json.loads((board.report.parent / "metrics.json").read_text())
    groups = {part["group"] for part in metrics["slices"]["models"]["flatten"]}
    assert "region" in groups
    with pytest.raises(UserError, match=r"the frame has no column 'regio'.*Did you mean 'region'"):
        compare(frame, slices="regio", **settings)


def test_aims_decide_from_training_to_scoring(folder: Path) -> None:
    """Three labels, one of them rare and expensive to miss."""
    frame = make_frame(300)
    frame.loc[::12, ["text", "label"]] = ["so grim and great", "odd"]
    frame["text"] = [f"{text} {number % 5}" for number, text in enumerate(frame["text"])]
    costs = folder / "costs.toml"
    costs.write_text("[odd]\ngood = 40\nbad = 40\n")
    settings: dict[str, Any] = {
        "variants": "flatten",
        "epochs": 2,
        "baselines": "tfidf-linear",
        "folder": folder / "aims",
    }
    board = compare(frame, class_weight="balanced", metric="cost", costs=costs, **settings)
    assert board.content.run.objective is not None
    assert board.content.run.objective.metric == "cost"
    assert {row.score is not None for row in board.rows} == {True}
    for name in ("flatten", "tfidf-linear"):
        model = load(board.bundle(name))
        facts = model.bundle.facts
        assert facts.metrics.objective == board.content.run.objective
        assert facts.settings.class_weights is not None
        assert facts.settings.class_weights[2] > 2 * facts.settings.class_weights[0]
        scores = model.predict(["so grim and great 1", "a great and fine film number 7 2"])
        columns = [f"p_{label}" for label in facts.label_names]
        assert facts.metrics.rule is not None
        answers = choose_answers(scores[columns].to_numpy(), facts.metrics.rule)
        assert scores["predicted_label"].tolist() == [facts.label_names[it] for it in answers]
    history = pd.read_csv(board.bundle("flatten") / "history.csv")
    assert "val_score" in history
    with pytest.raises(UserError, match=r"^metric: the data have no label 'od'; expected one of .*Did you mean 'odd'"):
        compare(frame, metric="recall:od", **settings)


def test_model_begins_with_the_vectors_of_a_file_and_needs_it_no_more(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    good, bad = ("1 1 -1", "-1 -1 1")
    words = {**dict.fromkeys(WORDS["good"], good), **dict.fromkeys(WORDS["bad"], bad)}
    path = tmp_path / "words.txt"
    path.write_text("".join(f"{word.upper()} {vector}\n" for word, vector in words.items()))
    settings: dict[str, Any] = {"variants": "vectors-average-pool", "baselines": "none", "epochs": 2, "folder": folder}
    with caplog.at_level(logging.INFO):
        board = compare(make_frame(), vectors=path, **settings)
    (encoding, found), *others = board.content.run.vectors.items()
    assert (found.name, found.dim, found.num_rows, found.num_found, others) == ("words.txt", 3, 6, 6, [])
    assert any(it.startswith(f"{encoding}: words.txt has vectors of 3 numbers for 6 of the ") for it in caplog.messages)
    bundle = board.bundle("vectors-average-pool")
    assert json.loads((bundle / "bundle.json").read_text())["training"]["vectors"]["name"] == "words.txt"
    path.unlink()
    scores = load(bundle).predict(["great fun", "dull, grim"])
    assert scores["confidence"].between(0, 1).all()
    with pytest.raises(UserError, match=r"`vectors` '.*words.txt': no such file"):
        compare(make_frame(), vectors=path, **settings)
    path.write_text("\u0434\u043e\u043c 1 2\n")
    with pytest.raises(UserError, match=r"words.txt has a vector for none of the .* with `vectors`"):
        compare(make_frame(), vectors=path, **settings)


def test_models_begin_with_the_encoder_in_a_folder_and_need_it_no_more(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    encoder = write_encoder_folder(tmp_path / "tiny-bert")
    settings: dict[str, Any] = {"variants": "pretrained", "baselines": "none", "epochs": 2, "folder": folder}
    with caplog.at_level(logging.INFO):
        board = compare(make_frame(), encoder=encoder, length=20, stack=True, **settings)
    rows = board.content.model_dump(mode="json")["variants"]
    assert {row["name"]: row["encoding"] for row in rows if row["group"] == "pretrained"} == {
        "encoder-frozen": "encoder-20",
        "encoder-fine-tuned": "encoder-20",
    }
    assert {row["status"] for row in rows} == {"ok"}
    assert board.content.run.encoder is not None
    assert (board.content.run.encoder.name, board.content.run.encoder.dim) == ("tiny-bert", 16)
    assert any(it.startswith("encoder: tiny-bert (bert, 2 layers, ") for it in caplog.messages)
    shutil.rmtree(encoder)
    texts = ["a great and fun film", "dull and grim", "\U0001f44d"]
    for name in ("encoder-frozen", "encoder-fine-tuned"):
        scores = load(board.bundle(name)).predict(texts)
        assert scores["confidence"].between(0, 1).all()
    with pytest.raises(UserError, match=r"`encoder` '.*tiny-bert': no such file"):
        compare(make_frame(), encoder=encoder, **settings)
    write_encoder_folder(encoder, model_type="gpt2")
    with pytest.raises(UserError, match=r"of the architecture 'gpt2', which is not supported; .* with `encoder`"):
        compare(make_frame(), encoder=encoder, **settings)
