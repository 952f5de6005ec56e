"""What the probe's report says in sentences follows from what was measured."""

from collections.abc import Callable

from tasks.probe.facts import Judgement, Point, Probe, Verdict
from tasks.report.probe.scope import describe_scope, describe_settings, list_failures
from tasks.report.probe.sentences import describe_headline, describe_span, describe_verdicts, join_words
from tasks.report.probe.tables import tabulate_models, tabulate_reaches, tabulate_updates

BuildProbe = Callable[..., Probe]
NOTEBOOK = {"simple-rnn", "lstm", "chrono-lstm"}


def row(model: str, distance: int, recall_task: str = "plain") -> Point:
    return Point(recall_task=recall_task, upto=False, model=model, distance=distance, mean=1.0)


def judge(*verdicts: Verdict) -> list[Judgement]:
    return [
        Judgement(claim="it remembers", measured="it did", verdict=verdict, reason="it can") for verdict in verdicts
    ]


def test_headline_names_the_notebook_s_models_with_their_reaches() -> None:
    rows = [row(model, 110, name) for model in ("lstm", "simple-rnn") for name in ("plain", "order")]
    reaches = {"plain": {"simple-rnn": 110, "lstm": 40}, "order": {"simple-rnn": 110, "lstm": 10}}
    assert describe_headline(rows, reaches) == (
        "A plain recurrent network remembers 110 words back (the longest distance tried) and an LSTM 10 to 40, "
        "depending on the task."
    )


def test_headline_without_the_notebook_s_models(build_probe: BuildProbe) -> None:
    probe = build_probe(without=lambda cell: cell.model in NOTEBOOK)
    headline = describe_headline(probe.rows, probe.reaches)
    assert headline == "None of the models in the course notebook's claims was trained."


def test_later_says_nothing_of_how_far_back() -> None:
    assert "None of the models" in describe_headline([row("lstm", 5, "later")], {"later": {"lstm": 5}})


def test_span_of_one_reach_is_one_number() -> None:
    assert describe_span([(40, 110), (40, 380)]) == ("40", "")


def test_verdicts_are_counted() -> None:
    assert describe_verdicts(judge("confirmed", "refuted", "refuted")) == (
        "Of the course notebook's three claims about memory, one is confirmed and two are refuted."
    )
    assert describe_verdicts(judge("depends", "not measured", "confirmed")) == (
        "Of the course notebook's three claims about memory, one depends on the task, one is not measured here and one "
        "is confirmed."
    )
    assert describe_verdicts(judge()) == ""


def test_words_are_joined() -> None:
    assert [join_words(parts) for parts in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]


def test_scope_tells_what_was_not_needed_and_what_was_not_tried(build_probe: BuildProbe) -> None:
    probe = build_probe()
    run = probe.run
    text = " ".join(describe_scope(probe))
    assert f"{run.num_trained:,} of {run.num_planned:,} planned trainings were run." in text
    assert f"{run.num_planned - run.num_trained:,} were not needed because the first three seeds agreed." in text
    assert "plain at 200 and 380 words has no result for attention." in text
    assert "its cost grows with the square" in text


def test_scope_of_a_run_without_gaps_is_one_sentence(build_probe: BuildProbe) -> None:
    assert len(describe_scope(build_probe("quick"))) == 1


def test_failures_are_counted_apart_from_what_was_not_needed(build_probe: BuildProbe) -> None:
    probe = build_probe("quick", num_planned=50, num_trained=48, failed=["recall-plain-5, lstm: no memory"] * 2)
    (text,) = describe_scope(probe)
    assert "2 failed." in text
    assert "not needed" not in text


def test_many_failures_are_cut_and_say_so(build_probe: BuildProbe) -> None:
    lines = list_failures(build_probe("quick", failed=["no memory"] * 1_000))
    assert len(lines) == 21
    assert lines[-1] == "980 more; all of them are in probe.json"


def test_settings_speak_of_seeds_only_as_there_are(build_probe: BuildProbe) -> None:
    assert "3 to 5 seeds" in " ".join(describe_settings(build_probe()))
    assert "more than 3 only where the first 3 disagree" in " ".join(describe_settings(build_probe()))
    two = build_probe(without=lambda cell: cell.seed > 2)
    assert "has 2 seeds." in " ".join(describe_settings(two))
    assert "one seed" in " ".join(describe_settings(build_probe("quick", limit=500)))
    assert "at most 500 training texts" in " ".join(describe_settings(build_probe("quick", limit=500)))


def test_reaches_are_of_how_far_the_model_was_tried(build_probe: BuildProbe) -> None:
    found = {line["model"]: line for line in tabulate_reaches(build_probe())}
    assert found["attention"]["plain"] == "110 of 110"
    assert found["lstm"]["plain"].endswith(" of 380")
    assert found["attention"]["later"] == "-"


def test_updates_of_what_was_not_solved_are_a_dash(build_probe: BuildProbe) -> None:
    tables = tabulate_updates(build_probe())
    found = {line["model"]: line for line in tables["order"]}
    assert set(found["average-pool"].values()) == {"average-pool", "-"}
    assert found["attention"]["5"].replace(",", "").isdigit()


def test_models_of_one_size_have_one_number(build_probe: BuildProbe) -> None:
    assert tabulate_models(build_probe("quick"))[0]["parameters"] == "17,012"
