"""Confusions: which labels are taken for which others, most frequent first, and how far apart they are."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tasks.report.run.facts import RunMetrics
from tasks.report.run.page import render_page
from tasks.report.run.shown_slices import MOST_OF_GROUP

AddResult = Callable[..., Any]
Build = Callable[..., Any]
THREE = ["bad", "good", "so so"]


def test_pairs_are_counted_by_label_and_answer(build: Build, add_result: AddResult) -> None:
    labels = np.array([0] * 10 + [1] * 20 + [2] * 70)
    correct = np.ones(100, bool)
    correct[[0, 1, 10, 11, 12, 30]] = False
    metrics = RunMetrics.model_validate(
        build(
            add_result("lstm", labels=labels, correct=correct, label_names=THREE),
            labels=labels,
            label_names=THREE,
        )
    )
    found = metrics.confusions
    assert found is not None
    assert (found.model, found.num_wrong, found.num_pairs, found.distances) == ("lstm", 6, 3, None)
    assert [(pair.label, pair.predicted, pair.count) for pair in found.pairs] == [
        ("good", "so so", 3),
        ("bad", "good", 2),
        ("so so", "bad", 1),
    ]
    assert found.pairs[0].share == pytest.approx(3 / 20)
    page = render_page(metrics)
    assert (
        "lstm gives 6 test reviews another label than their own, most often so so to 3 reviews that are good." in page
    )
    assert 'href="#confusions"' in page


def test_distances_are_counted_where_labels_are_ordinal(build: Build, add_result: AddResult) -> None:
    labels = np.arange(100) % 3
    result = add_result("lstm", labels=labels, correct=np.arange(100) >= 9, label_names=["1", "2", "3"], mae=0.1)
    metrics = RunMetrics.model_validate(build(result, labels=labels, label_names=["1", "2", "3"]))
    assert metrics.confusions is not None
    assert metrics.confusions.distances == (91, 6, 3)
    page = render_page(metrics)
    assert "Answers of lstm on test, by their distance from the label" in page
    assert "97.0%" in page


def test_two_labels_without_order_need_no_section(build: Build, add_result: AddResult) -> None:
    page = render_page(RunMetrics.model_validate(build(add_result("lstm", 80))))
    assert 'href="#confusions"' not in page


def test_page_of_hundreds_of_labels_stays_readable(build: Build, add_result: AddResult) -> None:
    names = [f"label {number}" for number in range(300)]
    labels = np.arange(600) % 300
    correct = np.random.default_rng(0).random(600) > 0.3
    metrics = RunMetrics.model_validate(
        build(
            add_result("lstm", labels=labels, correct=correct, label_names=names),
            add_result("nb-svm", labels=labels, correct=~correct, label_names=names, group="baseline"),
            labels=labels,
            label_names=names,
        )
    )
    assert metrics.confusions is not None
    assert len(metrics.confusions.pairs) == 30 < metrics.confusions.num_pairs
    page = render_page(metrics)
    assert f"; of 300 labels, the {MOST_OF_GROUP} with the lowest accuracy." in page
    assert page.count("<tr>") < 300
