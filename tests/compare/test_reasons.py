"""Listed mistakes get the words that they depend on, from the model that made them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.compare.facts import ConfidentMistake, MissedReviews, Mistakes
from tasks.compare.reasons import explain_mistakes, read_texts
from tasks.compare.results import Contestant, TrainedModel
from tasks.errors import UserError

NAMES = ["bad", "good"]
TEXTS = ["a great film", "so dull", "a film that is great, and longer than others", "dull film"]


@pytest.fixture(scope="module")
def reviews_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reviews")
    labels = pa.array([1, 0] * 8, pa.int32())
    table = pa.table({"id": [str(number) for number in range(16)], "text": TEXTS * 4, "label": labels})
    for split in ("train", "validation", "test"):
        pq.write_table(table, folder / f"{split}.parquet", row_group_size=3)
    return folder


@pytest.fixture(scope="module")
def artifacts(
    publish_bundle: Callable[..., Path], reviews_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    root = tmp_path_factory.mktemp("artifacts")
    publish_bundle("tfidf-linear", reviews_folder, root, None)
    return root


def make_contestant(name: str) -> Contestant:
    result = TrainedModel.model_construct(variant=name, folder=f"models/{name}")
    contestant = object.__new__(Contestant)
    object.__setattr__(contestant, "name", name)
    object.__setattr__(contestant, "results", [result])
    object.__setattr__(contestant, "shipped", 0)
    return contestant


def make_mistakes(*mistakes: ConfidentMistake, answers: tuple[ConfidentMistake, ...] = ()) -> Mistakes:
    return Mistakes.model_construct(
        confident=mistakes, missed_by_all=MissedReviews(num_reviews=1, rows=(1,), answers=answers)
    )


def wrong(model: str, row: int, predicted: str) -> ConfidentMistake:
    return ConfidentMistake(model=model, row=row, predicted=predicted, probability=0.9)


def explain(found: Mistakes, reviews_folder: Path, artifacts: Path, *names: str) -> Mistakes:
    contestants = [make_contestant(name) for name in names]
    options: dict[str, Any] = {"test_path": reviews_folder / "test.parquet", "label_names": NAMES}
    return explain_mistakes(found, contestants, artifacts_dir=artifacts, **options)


def test_words_speak_for_or_against_the_answer(reviews_folder: Path, artifacts: Path) -> None:
    found = make_mistakes(wrong("tfidf-linear", 4, "good"), answers=(wrong("tfidf-linear", 1, "good"),))
    explained = explain(found, reviews_folder, artifacts, "tfidf-linear")
    (confident,), (answer,) = explained.confident, explained.missed_by_all.answers
    assert (confident.words[0].word, confident.words[0].weight > 0) == ("great", True)
    assert (answer.words[0].word, answer.words[0].weight < 0) == ("dull", True)
    assert (confident.row, confident.probability, explained.missed_by_all.rows) == (4, 0.9, (1,))


def test_model_without_a_bundle_is_passed_over(reviews_folder: Path, artifacts: Path) -> None:
    found = make_mistakes(wrong("lstm", 0, "good"), wrong("tfidf-linear", 0, "good"))
    first, second = explain(found, reviews_folder, artifacts, "lstm", "tfidf-linear").confident
    assert first.words == ()
    assert second.words


def test_model_that_was_changed_is_refused(
    reviews_folder: Path, publish_bundle: Callable[..., Path], tmp_path: Path
) -> None:
    folder = publish_bundle("tfidf-linear", reviews_folder, tmp_path, None)
    (folder / "vocabulary.json").write_text("[]")
    with pytest.raises(UserError, match="does not match its hash"):
        explain(make_mistakes(wrong("tfidf-linear", 0, "good")), reviews_folder, tmp_path, "tfidf-linear")


def test_whole_texts_are_read_by_row(reviews_folder: Path) -> None:
    assert read_texts(reviews_folder / "test.parquet", [2, 3, 15]) == {2: TEXTS[2], 3: TEXTS[3], 15: TEXTS[3]}
