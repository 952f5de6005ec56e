"""A card of many labels stays short; that of few labels lists each."""

from tasks.evaluate.model_card import MOST_LABELS, count_reviews


def test_each_of_few_labels_has_its_number() -> None:
    assert count_reviews({"bad": 1_200, "good": 3}) == {"bad": "1,200", "good": "3"}


def test_many_labels_have_a_range() -> None:
    labels = {f"class {number}": 10 + number for number in range(MOST_LABELS + 1)}
    assert count_reviews(labels) == {"reviews": "420", "labels": "21", "reviews per label": "10-30"}
