"""Facts are frozen and strict, and a file of them that cannot be read is one clear line."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tasks.errors import UserError
from tasks.store.facts import Document, Facts


class Point(Facts):
    x: float


class Drawing(Document):
    schema_version: int = 2

    points: tuple[Point, ...]


DRAWING = Drawing(points=(Point(x=1.5),))


def test_document_reads_back_as_it_was_written(tmp_path: Path) -> None:
    DRAWING.write(tmp_path / "drawing.json")
    assert Drawing.read(tmp_path / "drawing.json") == DRAWING
    assert json.loads((tmp_path / "drawing.json").read_text())["schema_version"] == 2


def test_facts_cannot_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        DRAWING.points[0].x = 2.0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"schema_version": 3, "lines": []}, "schema version 3; expected at most 2. Update Sequence Bakeoff"),
        ({"points": [{"x": "left"}]}, r"at points\.0\.x"),
        ({"points": [], "lines": []}, "at lines"),
        ({"points": [{"x": float("inf")}]}, r"at points\.0\.x"),
        ([], "is not what was expected"),
    ],
    ids=["newer", "type", "unknown field", "infinite", "list"],
)
def test_file_that_is_not_the_document_is_refused(content: Any, words: str, tmp_path: Path) -> None:
    (tmp_path / "drawing.json").write_text(json.dumps(content))
    with pytest.raises(UserError, match=words):
        Drawing.read(tmp_path / "drawing.json")


def test_missing_and_half_written_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cannot be read: No such file"):
        Drawing.read(tmp_path / "drawing.json")
    (tmp_path / "drawing.json").write_text('{"points": [')
    with pytest.raises(UserError, match="is not what was expected"):
        Drawing.read(tmp_path / "drawing.json")
