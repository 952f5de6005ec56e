"""The sentences of the probe's report, on its page and in Markdown."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from tasks.probe.facts import Judgement, Point
from tasks.probe.reach import Reaches, find_furthest, select

QUESTION: Final = "How far back can it remember?"
# The models that the notebook's claims are about, in the order in which it introduces them.
SUBJECTS: Final = {
    "simple-rnn": "a plain recurrent network",
    "lstm": "an LSTM",
    "chrono-lstm": "an LSTM initialised for long spans",
}
RECALL_TASKS: Final = {
    "plain": "the text names one country, which decides",
    "decoys": "the text names ten countries; the one where I lived decides",
    "order": "the text names two countries; the later one decides",
    "later": "the text names the country only after the missing word",
}
# What the page says before it speaks of the notebook's claims.
ABOUT: Final = (
    "The course notebook from which this project's recurrent models come explains them with an example: in "
    '"I lived in Ireland, so at school they made me learn how to speak <...>", the word that decides (Ireland) is far '
    "from the missing word (Gaelic). It claims that a plain recurrent network loses such a word, that an LSTM keeps "
    "it, and that in a bidirectional network later words can influence earlier ones. The probe tests these claims on "
    "generated texts in which one word, at a known distance, decides the label."
)
REACH: Final = (
    "A model reaches a distance if at least half of its seeds solved the task at this distance and at every shorter "
    "distance that was tried."
)
COUNTS: Final = ("none", "one", "two", "three", "four", "five", "six")


def describe_headline(rows: Sequence[Point], reaches: Reaches) -> str:
    """Say how far back the notebook's models remember."""
    furthest = find_furthest(rows)
    answers = []
    for name, subject in SUBJECTS.items():
        found = select(reaches, name)
        if found:
            spans = [(of_task[name], furthest[recall_task][name]) for recall_task, of_task in found.items()]
            answers.append((subject, *describe_span(spans)))
    if not answers:
        return "None of the models in the course notebook's claims was trained."
    (subject, words, limit), *others = answers
    parts = [f"{subject} remembers {words} words back{limit}", *(f"{name} {span}{end}" for name, span, end in others)]
    depends = ", depending on the task" if any(" to " in words for _, words, _ in answers) else ""
    return f"{', '.join(parts)[0].upper()}{', '.join(parts)[1:]}{depends}."


def describe_span(reaches: Sequence[tuple[int, int]]) -> tuple[str, str]:
    """Put (reach, furthest) of each recall task into words: [(40, 110), (110, 110)] -> ("40 to 110", "")."""
    low, high = min(reach for reach, _ in reaches), max(reach for reach, _ in reaches)
    is_limit = all(reach == furthest for reach, furthest in reaches)
    return f"{low}" if low == high else f"{low} to {high}", " (the longest distance tried)" if is_limit else ""


def describe_verdicts(verdicts: Sequence[Judgement]) -> str:
    """Count verdicts: "Of the course notebook's three claims about memory, one is confirmed and two are refuted."."""
    counts = Counter(judgement.verdict for judgement in verdicts)
    parts = [f"{count_out(number)} {verb_of(verdict, number)}" for verdict, number in counts.items()]
    if not parts:
        return ""
    return f"Of the course notebook's {count_out(sum(counts.values()))} claims about memory, {join_words(parts)}."


def join_words(parts: Sequence[str]) -> str:
    """Join the parts of a sentence: join_words(["a", "b", "c"]) -> "a, b and c"."""
    return " and ".join(part for part in (", ".join(parts[:-1]), parts[-1]) if part)


def verb_of(verdict: str, number: int) -> str:
    """Put a verdict after a number: "is confirmed", "are refuted", "depends on the task"."""
    if verdict == "depends":
        return "depends on the task" if number == 1 else "depend on the task"
    return f"{'is' if number == 1 else 'are'} {'not measured here' if verdict == 'not measured' else verdict}"


def count_out(number: int) -> str:
    """Write small numbers as words: count_out(3) -> "three"."""
    return COUNTS[number] if number < len(COUNTS) else f"{number:,}"


def list_recall_tasks(names: Mapping[str, object]) -> list[str]:
    """Describe recall tasks, a line each."""
    return [f"{name}: {RECALL_TASKS[name]}" for name in names if name in RECALL_TASKS]
