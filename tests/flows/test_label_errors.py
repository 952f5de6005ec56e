"""An audit of labels as a person starts it: files, what is printed, and reuse."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Job

pytestmark = pytest.mark.slow


def test_list_report_and_numbers_are_written(shared_job: "Job") -> None:
    job = replace(shared_job, flow="label_errors.py")
    done = job.run("--dataset=sample", "--limit=200", "--folds=3")
    assert done.returncode == 0, done.stderr
    headline, *_, list_path, page_path = done.stdout.splitlines()
    assert "of 400 labels look wrong to nb-svm" in headline
    folder = (job.artifacts / "label-errors" / "latest").resolve()
    assert (Path(list_path), Path(page_path)) == (folder / "label_errors.csv", folder / "report.html")
    found = json.loads((folder / "label_errors.json").read_text())
    with Path(list_path).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == sum(found["num_listed"].values()) > 0
    assert headline in (folder / "summary.md").read_text()
    assert rows[0]["text"][:40] in Path(page_path).read_text(encoding="utf-8")
