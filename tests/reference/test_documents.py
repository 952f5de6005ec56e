"""Schemas are those of the documents in the source, and documents fit their schemas."""

import json
from pathlib import Path

import pytest

from tasks.reference import __main__ as pages
from tasks.reference.documents import find_documents, name_file, render_schema, render_schemas
from tasks.store.facts import Document, Facts


class Part(Facts):
    """A part."""

    name: str


class ExampleReport(Document):
    """A report for tests."""

    parts: tuple[Part, ...]
    share: float | None = None


def test_generated_files_are_current() -> None:
    assert pages.find_stale(pages.render_pages()) == [], "run `make docs`"


def test_schema_describes_the_file_as_it_is_written() -> None:
    schema = json.loads(render_schema(ExampleReport))
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert (schema["title"], schema["description"]) == ("ExampleReport", "A report for tests.")
    assert list(schema["properties"]) == ["schema_version", "parts", "share"]
    assert schema["required"] == ["parts"]
    assert schema["additionalProperties"] is False
    assert schema["$defs"]["Part"]["required"] == ["name"]


def test_file_is_named_after_the_document() -> None:
    assert name_file(ExampleReport) == "example-report.schema.json"
    assert list(render_schemas([ExampleReport])) == ["example-report.schema.json"]


def test_documents_are_found_in_the_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "found_by_test"
    (package / "room").mkdir(parents=True)
    (package / "room" / "facts.py").write_text(
        "from tasks.store.facts import Document, Facts\n"
        "class Second(Document):\n    number: int\n"
        "class First(Second):\n    number: int\n"
        "class Other(Facts):\n    number: int\n"
    )
    (package / "slow.py").write_text("raise ImportError('it has no document')\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert [document.__name__ for document in find_documents(package)] == ["First", "Second"]


def test_stale_files_are_written_anew_and_schemas_of_nothing_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, schema, gone = (tmp_path / name for name in ("page.md", "new.schema.json", "gone.schema.json"))
    page.write_text("old")
    gone.write_text("{}")
    monkeypatch.setattr(pages, "FOLDER", tmp_path)
    monkeypatch.setattr(pages, "render_pages", lambda: {page: "new", schema: "{}\n"})
    assert pages.find_stale(pages.render_pages()) == [page, schema, gone]
    pages.write_pages()
    assert pages.find_stale(pages.render_pages()) == []
    assert page.read_text() == "new"
    assert not gone.exists()
