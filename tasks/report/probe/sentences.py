"""What the probe's report says in sentences, on its page and in Markdown."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tasks.probe.verdicts import find_furthest, select

Metrics = Mapping[str, Any]

QUESTION: Final = "How far back can it remember?"
# Those that the note's sentences are about, in the order in which it names them.
SUBJECTS: Final = {
    "simple-rnn": "a plain recurrent network",
    "lstm": "an LSTM",
    "chrono-lstm": "one that begins with long spans",
}
TASKS: Final = {
    "plain": "one country is named and decides",
    "decoys": "ten countries are named; the one where I lived decides",
    "order": "two countries are named; the later one decides",
    "later": "the country is named only after the missing word",
}
REACH: Final = (
    "A model reaches a distance if at it, and at every shorter one that was tried, at least half of the seeds solved "
    "the task."
)
COUNTS: Final = ("none", "one", "two", "three", "four", "five", "six")


def describe_headline(metrics: Metrics) -> str:
    """Answer how far back the note's models remember."""
    furthest = find_furthest(metrics["rows"])
    answers = []
    for name, subject in SUBJECTS.items():
        of_tasks = select(metrics["reaches"], name)
        if of_tasks:
            spans = [(of_task[name], furthest[task][name]) for task, of_task in of_tasks.items()]
            answers.append((subject, *describe_span(spans)))
    if not answers:
        return "None of the models that the note speaks of was trained."
    (subject, words, limit), *others = answers
    parts = [f"{subject} remembers {words} words back{limit}", *(f"{name} {span}{end}" for name, span, end in others)]
    depends = ", depending on the task" if any(" to " in words for _, words, _ in answers) else ""
    return f"{', '.join(parts)[0].upper()}{', '.join(parts)[1:]}{depends}."


def describe_span(reaches: Sequence[tuple[int, int]]) -> tuple[str, str]:
    """Put (reach, furthest) of each task into words: [(40, 110), (110, 110)] -> ("40 to 110", "")."""
    low, high = min(reach for reach, _ in reaches), max(reach for reach, _ in reaches)
    is_limit = all(reach == furthest for reach, furthest in reaches)
    return f"{low}" if low == high else f"{low} to {high}", " (as far as was tried)" if is_limit else ""


def describe_verdicts(metrics: Metrics) -> str:
    """Count the verdicts: "Of the note's three sentences, one is confirmed and two are refuted."."""
    counts = Counter(judgement["verdict"] for judgement in metrics["verdicts"])
    parts = [f"{count_out(number)} {verb_of(verdict, number)}" for verdict, number in counts.items()]
    return f"Of the note's {count_out(sum(counts.values()))} sentences, {join_words(parts)}." if parts else ""


def join_words(parts: Sequence[str]) -> str:
    """Join parts of a sentence: join_words(["a", "b", "c"]) -> "a, b and c"."""
    return " and ".join(part for part in (", ".join(parts[:-1]), parts[-1]) if part)


def verb_of(verdict: str, number: int) -> str:
    """Put a verdict after a number: "is confirmed", "are refuted", "depends on the task"."""
    if verdict == "depends":
        return "depends on the task" if number == 1 else "depend on the task"
    return f"{'is' if number == 1 else 'are'} {'not measured here' if verdict == 'not measured' else verdict}"


def count_out(number: int) -> str:
    """Write small numbers as words: count_out(3) -> "three"."""
    return COUNTS[number] if number < len(COUNTS) else f"{number:,}"
