"""Rows are conserved: a loss within the program is an error, and the facts say where each row went."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tasks.ingest import intake, reviews
from tasks.ingest.conservation import check_conserved
from tasks.ingest.datasets import Choice
from tasks.ingest.facts import RowCounts
from tasks.ingest.files.options import FileOptions
from tasks.ingest.reviews import write_dataset
from tasks.ingest.split_column import SplitColumn

Write = Callable[..., RowCounts]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes the reviews of 40 rows, of which the last two lack a text and a label, and counts the rows."""

    def write_rows(*, limit: int | None = None) -> RowCounts:
        path = tmp_path / "a.csv"
        rows = [f"film {n},{'pos' if n % 2 else 'neg'},{('train', 'test')[n // 25]}\n" for n in range(38)]
        path.write_text("".join(["text,label,split\n", *rows, ",pos,train\n", "film,,test\n"]))
        choice = Choice("tiny", files=FileOptions(path=path, max_dropped_share=0.5))
        return write_dataset(choice, tmp_path, tmp_path, validation_fraction=0.2, limit=limit).rows

    return write_rows


def test_rows_are_used_or_dropped_for_a_reason(write: Write) -> None:
    dropped = {"blank text": 1, "blank label": 1}
    assert write() == RowCounts(num_read=40, num_used=38, num_left_out=0, dropped=dropped)


def test_rows_beyond_the_limit_are_counted(write: Write) -> None:
    counts = write(limit=10)
    assert (counts.num_read, counts.num_used, counts.num_left_out) == (40, 20, 18)


def test_unequal_numbers_are_an_error() -> None:
    check_conserved("a.csv", 3, used=2, dropped=1)
    with pytest.raises(RuntimeError, match=r"^a\.csv: 3 rows read, but 2 used, 0 left out; expected each row exactly"):
        check_conserved("a.csv", 3, used=2, left_out=0)


def test_row_that_no_split_takes_is_an_error(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    sort = SplitColumn.sort

    def forget(column: SplitColumn, rows: Any, kept: Any) -> Iterator[Any]:
        return ((split, mask) for split, mask in sort(column, rows, kept) if split == "train")

    monkeypatch.setattr(SplitColumn, "sort", forget)
    with pytest.raises(RuntimeError, match=r"a\.csv: 40 rows read, but 25 used, 2 dropped"):
        write()


def test_batch_that_is_lost_on_the_way_is_an_error(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "map_ahead", lambda function, rows: list(map(function, rows))[1:])
    monkeypatch.setattr("tasks.ingest.files.rows.BATCH_ROWS", 30)
    with pytest.raises(RuntimeError, match=r"a\.csv: 40 rows read, but 8 used, 2 dropped"):
        write()


def test_row_in_two_splits_is_an_error(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    place_rows = reviews.place_rows

    def repeat(*arguments: Any, **options: Any) -> Any:
        places = place_rows(*arguments, **options)
        return {**places, "validation": ("train", np.ones_like(places["train"][1]))}

    monkeypatch.setattr(reviews, "place_rows", repeat)
    with pytest.raises(RuntimeError, match=r"^reviews: 40 rows read, but 58 used"):
        write()


def test_row_that_is_not_written_is_an_error(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reviews, "read_spool", lambda _path: iter(()))
    with pytest.raises(RuntimeError, match="rows read, but 0 written"):
        write()
