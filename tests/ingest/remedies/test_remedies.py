"""Advice works: whoever does what an error says gets the rows, and never a second error."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.ingest.files import workbooks
from tests.ingest.remedies import data_cases, json_cases, kind_cases, set_cases, text_cases
from tests.ingest.remedies.cases import Case, Remedy
from tests.ingest.remedies.sites import ROOT, is_reached, list_sites, watch_sites

CASES = [*text_cases.CASES, *json_cases.CASES, *data_cases.CASES, *kind_cases.CASES, *set_cases.CASES]
INGEST = ROOT / "tasks" / "ingest"
# Messages without a case, by file and function, and why.
EXCEPTIONS = {
    ("check.py", "find_missing_classes"): "a warning only: no sets but those that declare their classes can lack one",
    ("files/folder.py", "hash_text"): "a file that was read and then cannot be read again: the disk fails",
}


@pytest.fixture(autouse=True)
def _unlocked() -> Iterator[None]:
    yield
    kind_cases.unlock()


@pytest.mark.parametrize(
    ("case", "remedy"), [pytest.param(case, remedy, id=case.message) for case in CASES for remedy in case.remedies]
)
def test_remedy_that_a_message_names_is_enough(case: Case, remedy: Remedy, tmp_path: Path) -> None:
    case.follow(remedy, tmp_path)


def test_every_message_has_a_case(tmp_path: Path) -> None:
    with watch_sites(INGEST) as reached:
        for number, case in enumerate(CASES):
            (tmp_path / str(number)).mkdir()
            with pytest.MonkeyPatch.context() as patch:
                case.complain(case.start(tmp_path / str(number), patch))
    missing = [site for site in list_sites(INGEST) if not is_reached(site, reached)]
    assert [(site.file, site.function) for site in missing] == list(EXCEPTIONS), missing


def test_package_that_a_message_names_is_that_of_an_extra() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert [name.partition(">")[0] for name in extras["excel"]] == [workbooks.PACKAGE]


def test_every_case_has_a_remedy() -> None:
    assert [case.message for case in CASES if not case.remedies] == []
