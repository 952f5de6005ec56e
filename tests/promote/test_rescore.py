"""Champion and candidate on the same test reviews, with real models."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.baseline.baselines import BASELINES
from tasks.baseline.facts import BaselineSettings
from tasks.baseline.fitting import fit_baseline
from tasks.errors import UserError
from tasks.evaluate.bundle import read_bundle_file
from tasks.evaluate.evaluation import evaluate_model
from tasks.evaluate.facts import DatasetOfModel, Origin
from tasks.evaluate.predictions import load_correct
from tasks.objective.facts import Objective
from tasks.promote import rescore
from tasks.promote.facts import LostReviews, Rates, Ruling
from tasks.promote.rescore import rescore_champion
from tasks.promote.rules import Margins
from tasks.store.outputs import Manifest, record_file

NAMES = ["bad", "good"]
WORDS = {"bad": ["dull", "worst", "empty"], "good": ["clever", "best", "warm"]}
MakeModel = Callable[..., Path]


def write_reviews(folder: Path, names: list[str], *, start: int = 0) -> Path:
    """Reviews whose words tell most of their labels; in test every tenth says the opposite."""
    folder.mkdir(exist_ok=True)
    random = np.random.default_rng(start)
    for split, num_reviews in (("train", 200), ("validation", 60), ("test", 200)):
        labels = np.arange(num_reviews) % 2
        meant = np.where((np.arange(num_reviews) % 10 == 0) & (split == "test"), 1 - labels, labels)
        texts = [" ".join([*random.choice(WORDS[NAMES[it]], 2), "film"]) for it in meant]
        own = np.array([names.index(NAMES[label]) for label in labels])
        ids = [f"{split}-{start + index}" for index in range(num_reviews)]
        pq.write_table(
            pa.table({"id": ids, "text": texts, "label": pa.array(own, pa.int32())}), folder / f"{split}.parquet"
        )
    return folder


@pytest.fixture
def make_model(tmp_path: Path) -> MakeModel:
    """Fits and evaluates a baseline, with the manifests of a bundle."""

    def make(name: str, reviews: Path, label_names: list[str], objective: Objective | None = None) -> Path:
        folder = tmp_path / "models" / f"{name}-{reviews.name}"
        folder.mkdir(parents=True)
        training = fit_baseline(BASELINES[name], reviews_folder=reviews, folder=folder, label_names=label_names)
        trained = sorted(path.name for path in folder.iterdir())
        counts = {split: dict.fromkeys(label_names, 10) for split in ("train", "validation", "test")}
        origin = Origin(
            variant=name,
            description="for tests",
            kind="baseline",
            fingerprint="f1",
            encoding=None,
            settings=BaselineSettings(seed=1, **BASELINES[name].settings()),
            training=training,
            dataset=DatasetOfModel(name="words", counts=counts, limit=None, validation_fraction=0.1, file_options=None),
            data={f"{split}.parquet": "0" for split in counts},
            versions={},
        )
        evaluate_model(folder, reviews, folder, label_names=label_names, origin=origin, objective=objective)
        evaluated = sorted(path.name for path in folder.iterdir() if path.name not in trained)
        for manifest_name, files in (("training.json", trained), ("manifest.json", evaluated)):
            manifest = Manifest(
                kind="test",
                name=name,
                fingerprint="f",
                folder="",
                decided_by={},
                facts={},
                files={file: record_file(folder / file) for file in files},
                created="today",
            )
            (folder / manifest_name).write_text(manifest.model_dump_json())
        return folder

    return make


def compare(candidate: Path, champion: Path, reviews: Path, label_names: list[str] = NAMES) -> Ruling:
    return rescore_champion(
        candidate_folder=candidate,
        champion_folder=champion,
        test_path=reviews / "test.parquet",
        label_names=label_names,
        encodings={},
        margins=Margins(overall=0.005, per_slice=0.02),
    )


def test_champion_is_scored_on_the_reviews_of_this_run(tmp_path: Path, make_model: MakeModel) -> None:
    before, today = write_reviews(tmp_path / "before", NAMES, start=7), write_reviews(tmp_path / "today", NAMES)
    champion, candidate = make_model("tfidf-linear", before, NAMES), make_model("majority", today, NAMES)
    found = compare(candidate, champion, today)
    assert found.comparison.accuracy == Rates(champion=0.9, candidate=0.5)
    assert not found.passes
    assert {part.group for part in found.comparison.slices} == {"length", "label"}


def test_model_against_itself_differs_in_nothing(tmp_path: Path, make_model: MakeModel) -> None:
    today = write_reviews(tmp_path / "today", NAMES)
    model = make_model("tfidf-linear", today, NAMES)
    found = compare(model, model, today)
    assert (found.comparison.only_candidate, found.comparison.only_champion) == (0, 0)
    assert found.comparison.lost == LostReviews(num_reviews=0, reviews=())


def test_lost_reviews_are_those_that_only_the_champion_got_right(
    tmp_path: Path, make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rescore, "MOST_LOST", 5)
    today = write_reviews(tmp_path / "today", NAMES)
    champion, candidate = make_model("tfidf-linear", today, NAMES), make_model("majority", today, NAMES)
    found = compare(candidate, champion, today)
    correct = {
        model: load_correct(folder / "predictions.parquet", threshold=read_bundle_file(folder).threshold)
        for model, folder in (("champion", champion), ("candidate", candidate))
    }
    lost = correct["champion"] & ~correct["candidate"]
    assert found.comparison.lost is not None
    assert found.comparison.lost.num_reviews == lost.sum() == found.comparison.only_champion
    assert len(found.comparison.lost.reviews) == 5
    ids = {f"test-{row}" for row in np.flatnonzero(lost)}
    for review in found.comparison.lost.reviews:
        assert review.id in ids
        assert review.answer != review.label


def test_labels_in_another_order_are_the_same_labels(tmp_path: Path, make_model: MakeModel) -> None:
    turned = ["good", "bad"]
    before, today = write_reviews(tmp_path / "before", turned, start=7), write_reviews(tmp_path / "today", NAMES)
    champion, candidate = make_model("tfidf-linear", before, turned), make_model("majority", today, NAMES)
    assert compare(candidate, champion, today).comparison.accuracy.champion == 0.9


@pytest.mark.parametrize("spelled", [["0.0", "1.0"], ["False", "True"], ["1", "0"]])
def test_labels_that_an_older_champion_spelled_otherwise_are_the_same(spelled: list[str]) -> None:
    assert rescore.place_labels(spelled, ["0", "1"]).tolist() == ([1, 0] if spelled[0] == "1" else [0, 1])


def test_champion_with_other_labels_is_refused(tmp_path: Path, make_model: MakeModel) -> None:
    today = write_reviews(tmp_path / "today", NAMES)
    champion = make_model("tfidf-linear", today, NAMES)
    with pytest.raises(UserError, match="its labels are bad, good, and those of the test reviews are bad, so so"):
        compare(champion, champion, today, ["bad", "so so"])


def test_damaged_champion_is_refused(tmp_path: Path, make_model: MakeModel) -> None:
    today = write_reviews(tmp_path / "today", NAMES)
    champion, candidate = make_model("tfidf-linear", today, NAMES), make_model("majority", today, NAMES)
    (champion / "model.npz").write_bytes(b"damaged")
    with pytest.raises(UserError, match="does not match its hash"):
        compare(candidate, champion, today)


def test_candidate_that_answered_other_reviews_is_refused(tmp_path: Path, make_model: MakeModel) -> None:
    before, today = write_reviews(tmp_path / "before", NAMES, start=7), write_reviews(tmp_path / "today", NAMES)
    model = make_model("tfidf-linear", before, NAMES)
    with pytest.raises(UserError, match="has predictions of other reviews; expected this run's test reviews"):
        compare(model, model, today)


def test_columns_of_the_user_slice_the_comparison(tmp_path: Path, make_model: MakeModel) -> None:
    today = write_reviews(tmp_path / "today", NAMES)
    champion, candidate = make_model("tfidf-linear", today, NAMES), make_model("majority", today, NAMES)
    regions = [None if row < 20 else ("eu", "us")[row % 2] for row in range(200)]
    pq.write_table(pa.table({"region": pa.array(regions, pa.string())}), today / "test_slices.parquet")
    found = {
        part.name: part for part in compare(candidate, champion, today).comparison.slices if part.group == "region"
    }
    assert {name: part.num_reviews for name, part in found.items()} == {"eu": 90, "us": 90, "(no value)": 20}
    assert [found[name].place for name in ("eu", "us")].count("worse") == 1, "the constant answer is never right there"


def test_candidate_that_aims_at_another_metric_is_judged_by_it(tmp_path: Path, make_model: MakeModel) -> None:
    """The champion, which aimed at accuracy, is measured by the metric of the candidate."""
    today = write_reviews(tmp_path / "today", NAMES)
    champion = make_model("majority", today, NAMES)
    for objective in (
        Objective(metric="macro-f1"),
        Objective(metric="recall", label="bad", place=0),
        Objective(metric="cost", costs=((0.0, 1.0), (5.0, 0.0))),
    ):
        shutil.rmtree(tmp_path / "models" / "tfidf-linear-today", ignore_errors=True)
        found = compare(make_model("tfidf-linear", today, NAMES, objective), champion, today)
        assert found.comparison.metric == objective.title
        assert found.comparison.scores is not None
        assert found.comparison.difference == pytest.approx(
            objective.sign * (found.comparison.scores.candidate - found.comparison.scores.champion)
        )
        assert found.comparison.lost is not None
        assert found.passes
