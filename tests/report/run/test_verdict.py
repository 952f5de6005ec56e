"""The sentences: each says what the numbers say, no more."""

from typing import Any

import numpy as np

from tasks.compare.recommendation_facts import Recommendation
from tasks.formatting.texts import join
from tasks.report.run.label_sentences import describe_labels, warn_of_labels_never_answered
from tasks.report.run.page import render_page
from tasks.report.run.render import render_markdown
from tasks.report.run.verdict import (
    describe_baselines,
    describe_certainty,
    describe_chance,
    describe_duplicates,
    describe_errors,
    describe_reading,
    describe_seeds,
    describe_ties,
    describe_verdict,
    describe_weak_slices,
    describe_worst_slice,
    list_advice,
)


def test_verdict_names_the_model_its_accuracy_and_its_interval(build: Any, add_result: Any) -> None:
    sentence = describe_verdict(build(add_result("lstm", 80), add_result("flatten", 40)))
    assert sentence.startswith("Ship lstm: it gets 80.0% of 100 test reviews right (95% interval ")


def test_verdict_may_be_that_nothing_was_learned(build: Any, add_result: Any) -> None:
    metrics = build(add_result("lstm", 51))
    assert describe_verdict(metrics) == (
        "Nothing was learned: no model beats chance. lstm, the best on validation, gets 51.0% of 100 test reviews "
        "right, and always answering 'neg' gets 50.0%."
    )
    assert describe_certainty(metrics).startswith("Collect more training reviews")
    assert describe_certainty(metrics).endswith("test reviews instead of 100.")
    assert describe_certainty(metrics) == " ".join(list_advice(metrics.select_leaderboard()))
    assert describe_worst_slice(metrics) == describe_chance(metrics) == ""
    assert "without them" not in describe_duplicates(metrics)


def test_verdict_on_four_reviews_is_that_they_are_too_few(build: Any, add_result: Any) -> None:
    labels = np.array([0, 1, 0, 1])
    sizes = {"train": 2, "validation": 2, "test": 4}
    metrics = build(add_result("lstm", 4, labels=labels), labels=labels, num_reviews=sizes)
    assert describe_verdict(metrics) == (
        "No verdict: 4 test reviews are too few to tell any model from a constant answer."
    )
    assert "test reviews instead of 4." in describe_certainty(metrics)


def test_models_at_chance_are_named_beside_those_that_learned(build: Any, add_result: Any) -> None:
    results = [add_result("lstm", 80), add_result("bigru", 80), add_result("flatten", 45)]
    metrics = build(*results, add_result("majority", 50, group="baseline"))
    sentence = "flatten does not beat chance: the test shows no lead over a constant answer."
    assert describe_chance(metrics) == sentence
    assert sentence in render_markdown(metrics)
    assert sentence in render_page(metrics)
    assert "The average of the probabilities of the models that beat chance gets 80.0% right." in describe_errors(
        metrics
    )
    assert list_advice(metrics) == ()


def test_model_that_beats_chance_only_on_macro_f1_comes_with_a_warning(build: Any, add_result: Any) -> None:
    labels = np.repeat([0, 1], [90, 10])
    correct = np.concatenate([np.arange(90) < 82, np.arange(10) < 6])
    result = add_result("lstm", labels=labels, correct=correct)
    metrics = build(result, labels=labels)
    assert metrics.recommendation.name == "lstm"
    assert describe_certainty(metrics).endswith(
        "It beats a constant answer on macro-F1, but is not shown to be right more often."
    )


def test_certainty_of_a_tied_model_that_is_not_clearly_cheaper(build: Any, add_result: Any) -> None:
    metrics = build(add_result("lstm", 90), add_result("bigru", 90, predict_reviews_per_second=900.0))
    assert describe_certainty(metrics) == (
        "It is the best on validation; it does not differ significantly from bigru on test, and no other is clearly "
        "cheaper to run."
    )


def test_certainty_of_a_model_that_stands_alone(build: Any, add_result: Any) -> None:
    assert describe_certainty(build(add_result("lstm", 90), add_result("flatten", 40))) == (
        "It is the best on validation, and it differs significantly from every other model on test."
    )


def test_certainty_of_a_tied_model(build: Any, add_result: Any) -> None:
    metrics = build(add_result("lstm", 90), add_result("bigru", 90, predict_reviews_per_second=10.0))
    assert describe_certainty(metrics) == (
        "It is the best on validation; it does not differ significantly from bigru on test, and is the cheapest to run."
    )


def test_certainty_says_how_many_test_reviews_would_settle_it(build: Any, add_result: Any) -> None:
    two = build(add_result("lstm", 90), add_result("bigru", 87))
    assert describe_certainty(two).endswith(
        "cheaper to run. The test is too small for a verdict between the models: it tells none from any other. To tell "
        "lstm from bigru, which gets 3.0 points fewer right here, takes about 260 test reviews instead of 100."
    )
    assert "takes about 260 test reviews" in render_markdown(two)


def test_certainty_has_a_verdict_between_models_if_some_are_told_apart(build: Any, add_result: Any) -> None:
    metrics = build(add_result("lstm", 95), add_result("bigru", 92), add_result("flatten", 70))
    assert metrics.recommendation.tied == ("bigru",)
    assert "too small for a verdict" not in describe_certainty(metrics)
    assert "To tell lstm from bigru, which gets 3.0 points fewer right here" in describe_certainty(metrics)


def test_certainty_of_a_cheaper_model(build: Any, add_result: Any) -> None:
    metrics = build(add_result("lstm", 91, predict_reviews_per_second=10.0), add_result("flatten", 90))
    assert describe_certainty(metrics).startswith("lstm is ahead on validation")


def test_certainty_tells_of_those_that_only_the_test_cannot_tell_apart(build: Any, add_result: Any) -> None:
    seeds = [
        add_result("flatten", 90, seed=seed, validation={"accuracy": it, "nll": 0.5})
        for seed, it in ((1, 0.9), (2, 0.1))
    ]
    sentence = describe_certainty(build(add_result("lstm", 91), *seeds, seeds=2))
    assert sentence == (
        "It is the best on validation. flatten is behind on validation by more than a standard error, although the "
        "test shows no significant difference. The test is too small for a verdict between the models: it tells none "
        "from any other. To tell lstm from flatten, which gets 1.0 points fewer right here, takes about 790 test "
        "reviews instead of 100."
    )


def test_baseline_that_nothing_beats_is_said_plainly(build: Any, add_result: Any) -> None:
    sentence = describe_baselines(build(add_result("nb-svm", 90, group="baseline"), add_result("lstm", 70)))
    assert "No neural model beats the best baseline, nb-svm (90.0%)" in sentence
    assert "lstm, the best of 1, is 20.0 points behind" in sentence


def test_lead_within_chance_is_not_beating(build: Any, add_result: Any) -> None:
    sentence = describe_baselines(build(add_result("nb-svm", 79, group="baseline"), add_result("lstm", 80)))
    assert "1.0 points ahead, which may be chance" in sentence


def test_neural_model_that_is_as_good_as_the_baseline_is_level_with_it(build: Any, add_result: Any) -> None:
    sentence = describe_baselines(build(add_result("nb-svm", 80, group="baseline"), add_result("lstm", 80)))
    assert sentence.endswith("lstm, the best of 1, is level with it.")


def test_ensemble_is_no_neural_model(build: Any, add_result: Any) -> None:
    results = [add_result("nb-svm", 80, group="baseline"), add_result("lstm", 80)]
    sentence = describe_baselines(build(*results, add_result("ensemble-stacked", 95, group="stacked")))
    assert sentence.endswith("lstm, the best of 1, is level with it.")


def test_end_of_reviews_that_a_network_does_not_read_is_said(build: Any, add_result: Any) -> None:
    metrics = build(add_result("nb-svm", 90, group="baseline"), add_result("lstm", 80))
    (name,) = metrics.data.encodings
    assert describe_reading(metrics) == (
        "lstm reads the first 120 tokens of each review, which cuts off the end of 1% of the test reviews; the "
        "baselines read whole reviews."
    )
    assert describe_reading(metrics) in render_page(metrics)
    assert describe_reading(metrics) in render_markdown(metrics)
    card = metrics.data.encodings[name]
    whole = card.model_copy(update={"truncated": dict.fromkeys(card.truncated, 0.009)})
    data = metrics.data.model_copy(update={"encodings": {name: whole}})
    assert describe_reading(metrics.model_copy(update={"data": data})) == ""
    assert describe_reading(build(add_result("flatten", 80))) == ""


def test_models_that_beat_the_baseline_are_counted(build: Any, add_result: Any) -> None:
    results = [add_result("nb-svm", 50, group="baseline"), add_result("lstm", 95), add_result("flatten", 20)]
    assert describe_baselines(build(*results)).startswith("1 of 2 neural models beats the best baseline")


def test_ties_at_the_top_are_named(build: Any, add_result: Any) -> None:
    metrics = build(add_result("lstm", 90), add_result("bigru", 89), add_result("flatten", 30))
    assert describe_ties(metrics) == (
        "lstm and bigru are tied at the top: the test shows no significant difference from lstm."
    )


def test_worst_slice_is_named_when_it_is_significantly_worse(build: Any, add_result: Any) -> None:
    labels = np.arange(100) % 2
    one_sided = build(add_result("lstm", correct=(labels == 0) | (np.arange(100) < 20)))
    assert describe_worst_slice(one_sided).startswith("lstm does worst on label: pos (20.0% of 50, 95% interval ")
    even = build(add_result("bigru", correct=np.arange(100) % 10 > 1))
    assert describe_worst_slice(even) == (
        "bigru is not significantly worse on any slice of the test split than on the whole."
    )


def test_slices_in_which_the_model_is_weak_are_named(build: Any, add_result: Any) -> None:
    labels = np.arange(100) % 2
    metrics = build(add_result("lstm", correct=(labels == 0) | (np.arange(100) < 20)))
    assert describe_weak_slices(metrics) == (
        "In 2 of 11 slices it is right significantly less often than on the other reviews, after Holm's correction: "
        "label: pos (20.0% of 50); unknown words: up to 2% unknown (49.4% of 77)."
    )
    assert describe_weak_slices(metrics).replace("'", "&#39;") in render_page(metrics)
    assert describe_weak_slices(build(add_result("bigru", correct=np.arange(100) % 10 > 1))) == ""


def test_few_seeds_are_warned_of(build: Any, add_result: Any) -> None:
    results = [add_result("lstm", 90), add_result("bigru", 89)]
    assert "trained once" in describe_seeds(build(*results))
    assert "Two seeds" in describe_seeds(build(*results, seeds=2))
    assert describe_seeds(build(*results, seeds=3)) == ""


def test_errors_tell_of_oracle_and_average(build: Any, add_result: Any) -> None:
    metrics = build(add_result("lstm", correct=np.arange(100) < 90), add_result("bigru", correct=np.arange(100) >= 20))
    assert describe_errors(metrics).startswith(
        "On 0 test reviews, all 2 models are wrong; on the other 100.0%, at least one model is right. "
        "The average of all models' probabilities gets "
    )


def test_duplicates_tell_accuracy_with_and_without(build: Any, add_result: Any) -> None:
    # The fixture's training split has the first test review, which the model gets right.
    assert describe_duplicates(build(add_result("lstm", 80))).endswith(
        "without them lstm gets 79.80% right, with them 80.00%."
    )


def test_names_are_joined_as_in_a_sentence() -> None:
    assert join(["a"]) == "a"
    assert join(["a", "b", "c"]) == "a, b and c"


def test_model_that_is_named_as_better_beats_the_baseline(build: Any, add_result: Any) -> None:
    """One that is ahead on average, but by the luck of a seed, does not."""
    lucky = [add_result("bilstm", hits, seed=seed) for seed, hits in ((1, 100), (2, 99), (3, 82))]
    steady = [add_result("lstm", 92, seed=seed) for seed in (1, 2, 3)]
    metrics = build(add_result("nb-svm", 75, group="baseline"), *lucky, *steady, seeds=3)
    rows = {row.name: row for row in metrics.variants}
    assert rows["bilstm"].accuracy.mean > rows["lstm"].accuracy.mean
    assert (rows["bilstm"].beats_baseline, rows["lstm"].beats_baseline) == (False, True)
    assert describe_baselines(metrics).endswith("; lstm leads it by 17.0 points.")


def test_label_that_the_recommended_model_never_answers_is_said_first(build: Any, add_result: Any) -> None:
    names = ["a", "b", "rare"]
    labels = np.repeat([0, 1, 2], [60, 37, 3])
    result = add_result("lstm", labels=labels, correct=labels != 2, label_names=names)
    metrics = build(result, labels=labels, label_names=names)
    assert describe_verdict(metrics).startswith(
        "Mind that lstm never answers 'rare' (3 test reviews). Ship lstm: it gets 97.0% of 100 test reviews right"
    )
    assert describe_verdict(metrics.select_leaderboard()) == describe_verdict(metrics)
    assert describe_labels(metrics) == (
        "lstm finds 0.0% of the 3 test reviews with the rarest label, 'rare', and never answers it."
    )
    page = render_page(metrics)
    assert "How well each label is found" in page
    assert "Mind that lstm never answers" in page


def test_many_labels_that_are_never_answered_are_counted() -> None:
    missed = {f"label {number}": number + 1 for number in range(8)}
    found = Recommendation.model_construct(name="lstm", never_answered=missed)
    assert warn_of_labels_never_answered(found, num_labels=40) == (
        "Mind that lstm never answers 8 of the 40 labels: 'label 0' (1 test review), 'label 1' (2 test reviews), "
        "'label 2' (3 test reviews), 'label 3' (4 test reviews), 'label 4' (5 test reviews) and 3 more. "
    )


def test_metric_that_decides_is_what_the_sentences_are_about(build: Any, add_result: Any) -> None:
    labels = np.repeat([0, 1], [80, 20])
    objective = {"metric": "macro-f1"}

    def add(name: str, correct: np.ndarray, macro_f1: float, **options: Any) -> Any:
        validation = {"macro_f1": macro_f1, "confusion": ((70, 10), (5, 15))}
        return add_result(name, labels=labels, correct=correct, objective=objective, validation=validation, **options)

    good = add("lstm", np.arange(100) % 10 > 0, 0.8)
    baseline = add("nb-svm", np.arange(100) < 85, 0.5, group="baseline")
    metrics = build(good, baseline, labels=labels, objective=objective)
    assert describe_verdict(metrics) == (
        "Ship lstm: its macro-F1 is 0.859 (95% interval 0.770-0.930), and it gets 90.0% of 100 test reviews right."
    )
    assert "the best baseline, nb-svm (macro-F1 0.657)" in describe_baselines(metrics)
    assert "randomisation tests of macro-F1" in render_markdown(metrics)
    assert "| macro-F1 | its 95% | accuracy |" in render_markdown(metrics)
    assert "macro-F1" in render_page(metrics)
