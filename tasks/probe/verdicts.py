"""The course notebook's claims about memory, compared with what the probe measured."""

from collections.abc import Sequence
from typing import Final

from tasks.probe.facts import Judgement, MeanAccuracy, Verdict
from tasks.probe.reach import describe_reach, find_furthest, find_reaches, find_solved_beyond, select

# An accuracy this close to chance counts as chance: about three standard errors of 1,000 texts, and more.
CHANCE_MARGIN: Final = 0.05
CHANCE: Final = 0.1


def judge_note(rows: Sequence[MeanAccuracy]) -> tuple[Judgement, ...]:
    """Judge the three claims of the course notebook."""
    return judge_loss(rows), judge_keeping(rows), judge_later(rows)


def judge_loss(rows: Sequence[MeanAccuracy]) -> Judgement:
    """Does a plain recurrent network lose what lies far back?"""
    furthest, found = find_furthest(rows), select(find_reaches(rows), "simple-rnn")
    beyond = find_solved_beyond(rows, "simple-rnn")
    lost = [
        furthest[recall_task]["simple-rnn"] not in (of_task["simple-rnn"], *beyond.get(recall_task, ()))
        for recall_task, of_task in found.items()
    ]
    return Judgement(
        claim="The deciding word is too far back: a plain recurrent network loses it",
        measured=describe_reach(rows, "simple-rnn"),
        verdict=decide(lost),
        reason="Keras initialises the recurrent matrix as a rotation, which neither amplifies nor shrinks the state. "
        f"With a random initialisation (random-rnn): {describe_reach(rows, 'random-rnn')}.",
    )


def judge_keeping(rows: Sequence[MeanAccuracy]) -> Judgement:
    """Does the cell state keep it?"""
    both = select(find_reaches(rows), "simple-rnn", "lstm")
    return Judgement(
        claim="The cell state keeps context from earlier tokens available to later ones: an LSTM reaches further",
        measured=f"lstm: {describe_reach(rows, 'lstm')}; simple-rnn: {describe_reach(rows, 'simple-rnn')}",
        verdict=decide([of_task["lstm"] > of_task["simple-rnn"] for of_task in both.values()]),
        reason="Keras initialises the bias of the forget gate to 1. With it, a cell keeps 73% of its content from one "
        "word to the next, and 4% over ten words. When the initial biases give spans up to the whole text "
        f"(chrono-lstm): {describe_reach(rows, 'chrono-lstm')}.",
    )


def judge_later(rows: Sequence[MeanAccuracy]) -> Judgement:
    """Can later words influence earlier ones if the text is read in both directions?"""
    claim = "The cell state can be bidirectional: later context can influence earlier words"
    one_way = [row for row in rows if row.model == "lstm-at-place"]
    both_ways = [row for row in rows if row.model == "bilstm-at-place"]
    if not one_way or not both_ways:
        return Judgement(
            claim=claim,
            measured="not trained",
            verdict="not measured",
            reason="This run has no model that answers at the missing word.",
        )
    is_blind = all(row.high <= CHANCE + CHANCE_MARGIN for row in one_way)
    helped = [row.mean > CHANCE + CHANCE_MARGIN for row in both_ways]
    shown = ", ".join(f"{row.mean:.0%} when the country follows {row.distance} words later" for row in both_ways)
    return Judgement(
        claim=claim,
        measured=f"At the missing word, the one-directional LSTM answers at best {max(row.mean for row in one_way):.0%}"
        f" correctly; the bidirectional one answers {shown}",
        verdict=decide(helped) if is_blind else "refuted",
        reason="Only a model that answers before the end of the text benefits; one that answers after the last word "
        f"has read everything. At the end of the text, lstm solves {count_solved(rows, 'lstm')}, and bilstm, which "
        f"also reads from the other end, solves {count_solved(rows, 'bilstm')}.",
    )


def count_solved(rows: Sequence[MeanAccuracy], model: str) -> str:
    """Say at how many distances of `later` at least half of a model's seeds solve it: "3 of 4 distances"."""
    found = [row.is_solved for row in rows if (row.recall_task, row.model) == ("later", model)]
    return f"{sum(found)} of {len(found)} distances"


def decide(holds: Sequence[bool]) -> Verdict:
    """Combine the answers of several recall tasks into one verdict: decide([True, False]) -> "depends"."""
    if not holds:
        return "not measured"
    return "depends" if len(set(holds)) > 1 else "confirmed" if holds[0] else "refuted"
