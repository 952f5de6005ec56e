"""How long a fit takes is told by a fit on a part of the reviews."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tasks.baseline import fitting, pace
from tasks.baseline.baselines import BASELINES
from tasks.baseline.pace import ask_for_fit, measure_fit

NAMES = ["bad", "good"]


@pytest.fixture
def reviews(tmp_path: Path, write_reviews: Callable[..., None], two_classes: Any) -> Path:
    folder = tmp_path / "reviews"
    folder.mkdir()
    write_reviews(folder, train=two_classes * 10, validation=two_classes * 2)
    pq.write_table(pq.read_table(folder / "train.parquet").slice(0, 33), folder / "test.parquet")
    return folder


def ask(reviews: Path, monkeypatch: pytest.MonkeyPatch, **options: Any) -> list[tuple[float, float]]:
    asked: list[tuple[float, float]] = []
    monkeypatch.setattr(pace, "run_apart", lambda *_, **__: 0.5)
    ask_for_fit(
        lambda *seconds: asked.append(seconds),
        baseline=BASELINES["nb-svm"],
        reviews_folder=reviews,
        folder=reviews,
        label_names=NAMES,
        **{"unlabelled": None, **options},
    )
    return asked


@pytest.mark.parametrize(("is_bounded", "seconds"), [(False, 10), (True, 30)])
def test_whole_fit_takes_as_many_times_as_long_and_predictions_no_longer(
    is_bounded: bool,  # noqa: FBT001
    seconds: float,
    reviews: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pace, "FEWEST", 110)
    assert ask(reviews, monkeypatch, is_bounded=is_bounded) == [(seconds, pytest.approx(seconds * 55 / 110))]


def test_texts_without_labels_take_as_long_as_others(reviews: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "FEWEST", 110)
    asked = ask(reviews, monkeypatch, is_bounded=False, unlabelled=reviews / "test.parquet")
    assert asked == [(pytest.approx(10 * 143 / 110), pytest.approx(10 * 143 / 110 * 55 / 110))]


def test_few_reviews_are_fitted_without_asking(reviews: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(reviews, monkeypatch, is_bounded=False) == []


def test_part_has_every_twentieth_review(reviews: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: dict[str, int] = {}

    def fit(_baseline: Any, *, reviews_folder: Path, **_: Any) -> None:
        sizes.update({path.stem: pq.read_metadata(path).num_rows for path in reviews_folder.glob("*.parquet")})

    monkeypatch.setattr(fitting, "fit_baseline", fit)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    measure_fit(BASELINES["nb-svm"], reviews_folder=reviews, folder=scratch, label_names=NAMES)
    assert sizes == {"train": 6, "validation": 2}
    assert list(scratch.iterdir()) == []


def test_part_is_really_fitted(reviews: Path, tmp_path: Path) -> None:
    assert 0 < measure_fit(BASELINES["nb-svm"], reviews_folder=reviews, folder=tmp_path, label_names=NAMES) < 60
