"""The page of an audit and the section of a run's page: all of it is there, and no text is taken for HTML."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.audit.facts import LabelErrors
from tasks.report.audit.content import render_audit_markdown
from tasks.report.audit.facts import AuditSection
from tasks.report.audit.folder import find_audit, write_audit_report
from tasks.report.audit.page import render_audit_page
from tasks.report.audit.sentences import describe_headline, describe_method, describe_set_right
from tasks.report.run.facts import RunMetrics
from tasks.report.run.page import render_page
from tasks.report.run.render import render_markdown

TEXTS = ['=HYPERLINK("x")\n"dull", quoted', "plain"]
HOSTILE = "<script>alert(1)</script> a dull film"
FILES = ("train.parquet", "validation.parquet", "test.parquet")


def make_found(**changes: Any) -> LabelErrors:
    content = {
        "dataset": "films",
        "label_names": ["bad", "good"],
        "baselines": ["nb-svm"],
        "folds": 5,
        "agreement": 0.9,
        "num_reviews": {"train": 700, "validation": 100, "test": 200},
        "num_listed": {"train": 30, "validation": 5, "test": 5},
        "hashes": dict.fromkeys(FILES, "ab"),
        "noise": [
            {"label": "bad", "num_reviews": 400, "num_listed": 10, "num_wrong": 12.3, "num_missing": 33.0},
            {"label": "good", "num_reviews": 600, "num_listed": 30, "num_wrong": 33.0, "num_missing": 12.3},
        ],
        "set_right": {
            "num_reviews": 200,
            "as_given": 0.9,
            "learned_right": 0.905,
            "p_value": 0.6,
            "tested_right": 0.925,
        },
        "suspects": [
            {
                "split": "train",
                "id": f"train-{number}",
                "label": "good",
                "suggested": "bad",
                "probability": 0.001,
                "suggested_probability": 0.999,
                "text": HOSTILE,
                "num_characters": 2_000,
            }
            for number in range(40)
        ],
    }
    return LabelErrors.model_validate({**content, **changes})


NOTHING = make_found(num_listed=dict.fromkeys(("train", "validation", "test"), 0), set_right=None, suspects=[])


@pytest.fixture
def metrics(build: Callable[..., RunMetrics], add_result: Callable[..., object]) -> RunMetrics:
    return build(add_result("lstm", 80), add_result("conv-max", 90))


@pytest.fixture
def audited(tmp_path: Path) -> Callable[..., Path]:
    """Writes the report of an audit under the folder of artifacts."""

    def write(found: LabelErrors, run_id: str, **options: Any) -> Path:
        audit = tmp_path / "audits" / run_id
        audit.mkdir(parents=True)
        found.write(audit / "label_errors.json")
        pq.write_table(
            pa.table({"rank": [1, 2], "p_label": [-0.5, 1e-9], "text": TEXTS}), audit / "label_errors.parquet"
        )
        return write_audit_report(tmp_path, audit, run_id=run_id, config_json="{}", **options)

    return write


def test_page_has_numbers_texts_and_advice() -> None:
    page = render_audit_page(make_found(), run_id="20260102-030405-abcdef12")
    assert "40 of 1,000 labels look wrong to nb-svm (4.0%)." in page
    assert "nb-svm agrees with 90.0% of the labels" in page
    assert page.count("its label has a probability of 0.10%, and bad of 99.9%") == 40
    assert "a person should read them" in page
    assert "Here are the first 40 of 40." in page
    assert HOSTILE not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; a dull film" in page


def test_page_of_clean_labels_lists_no_reviews() -> None:
    page = render_audit_page(NOTHING, run_id="20260102-030405-abcdef12")
    assert "None of 1,000 labels looks wrong to nb-svm." in page
    assert 'id="reviews"' not in page


def test_sentences_say_what_is_an_upper_bound() -> None:
    said = describe_set_right(make_found())
    assert "nb-svm gets 90.00% of 200 test reviews right" in said
    assert "90.50% (McNemar's p = 0.6, not significant)" in said
    assert "92.50%: an upper bound, because the same models made the list" in said
    assert describe_set_right(NOTHING) == ""
    assert describe_headline(NOTHING) == "None of 1,000 labels looks wrong to nb-svm."


def test_fallback_to_the_sample_is_said_loudly(audited: Callable[..., Path]) -> None:
    folder = audited(make_found(), "20260101-000000-aaaaaaaa", fallback_reason="no <network>")
    assert '<p class="alarm" role="alert">' in (folder / "report.html").read_text()
    assert "no &lt;network&gt;" in (folder / "report.html").read_text()
    assert "no \\<network\\>**" in (folder / "summary.md").read_text()
    assert LabelErrors.read(folder / "label_errors.json").fallback_reason == "no <network>"
    assert 'role="alert"' not in render_audit_page(make_found(), run_id="20260101-000000-aaaaaaaa")


def test_several_judges_are_told_as_such() -> None:
    several = make_found(baselines=["tfidf-linear", "nb-svm"])
    assert describe_headline(several) == "40 of 1,000 labels look wrong to tfidf-linear and nb-svm (4.0%)."
    assert "tfidf-linear and nb-svm together agree with 90.0% of the labels" in describe_method(several)
    assert "tfidf-linear and nb-svm together get 90.00% of 200 test reviews right" in describe_set_right(several)


def test_run_without_an_audit_has_no_section(metrics: RunMetrics) -> None:
    assert "label-errors" not in render_page(metrics)
    assert "label_errors" not in metrics.model_dump_json()


def test_section_of_a_run_leads_to_the_audit(metrics: RunMetrics) -> None:
    section = AuditSection(run_id="20260102-030405-abcdef12", found=make_found())
    told = metrics.model_copy(update={"label_errors": section})
    page = render_page(told)
    assert 'id="label-errors"' in page
    assert 'href="../../label-errors/20260102-030405-abcdef12/report.html"' in page
    assert "40 of 1,000 labels look wrong" in page
    assert HOSTILE not in page
    assert "## Which labels are probably wrong?" in render_markdown(told)
    assert RunMetrics.model_validate_json(told.model_dump_json()).label_errors == section


def test_markdown_has_a_row_for_each_label_the_worst_first() -> None:
    text = render_audit_markdown(make_found())
    assert text.index("| good | 600 | 30 | 33 | 5.5% | 12 |") < text.index("| bad | 400 | 10 | 12 | 3.1% | 33 |")


def test_newest_audit_of_the_same_reviews_is_found(tmp_path: Path, audited: Callable[..., Path]) -> None:
    same = {**dict.fromkeys(FILES, "ab"), "test_slices.parquet": "cd"}
    assert find_audit(tmp_path, same) is None
    audited(make_found(folds=3), "20260101-000000-aaaaaaaa")
    folder = audited(make_found(), "20260102-000000-aaaaaaaa")
    audited(make_found(hashes=dict.fromkeys(FILES, "other")), "20260103-000000-aaaaaaaa")
    found = find_audit(tmp_path, same)
    assert found is not None
    assert (found.run_id, found.found.folds, len(found.found.suspects)) == (folder.name, 5, 20)
    assert (tmp_path / "label-errors" / "latest").resolve().name == "20260103-000000-aaaaaaaa"
    assert {path.name for path in folder.iterdir()} == {
        "SHA256SUMS",
        "config.json",
        "label_errors.csv",
        "label_errors.json",
        "report.html",
        "summary.md",
    }


def test_damaged_audit_is_passed_over(tmp_path: Path, audited: Callable[..., Path]) -> None:
    audited(make_found(), "20260101-000000-aaaaaaaa")
    newest = audited(make_found(), "20260102-000000-aaaaaaaa")
    (newest / "label_errors.json").write_text("{")
    found = find_audit(tmp_path, dict.fromkeys(FILES, "ab"))
    assert found is not None
    assert found.run_id == "20260101-000000-aaaaaaaa"


def test_texts_that_look_like_formulas_are_not_run_by_a_spreadsheet(audited: Callable[..., Path]) -> None:
    path = audited(make_found(), "20260101-000000-aaaaaaaa") / "label_errors.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["text"] for row in rows] == [f"'{TEXTS[0]}", TEXTS[1]]
    assert [float(row["p_label"]) for row in rows] == [-0.5, 1e-9]
