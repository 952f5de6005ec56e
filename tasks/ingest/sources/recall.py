"""Generated texts in which one word, a given number of words before the end, decides: how far back can a model look?

After the course note's "I lived in Ireland, so at school they made me learn how to speak <...>". All texts of a dataset
have the same number of words; all but the cues are clauses that say nothing of the label. Four tasks:

| task | what decides | classes | chance | a bag of words reaches at most |
|---|---|---|---|---|
| plain | the one country that is named | 10 | 10% | 100%: the word itself |
| decoys | the country where I lived; relatives lived in the other nine | 10 | 10% | 10%: each text names all ten |
| order | which of two countries comes last | 2 | 50% | 50%: each text names both |
| later | the one country, named after the place of the missing word | 10 | 10% | 100%: the word itself |

A distance counts steps back from the end: the last word is at distance 1. It is that of the deciding word; in `order`
that of the later of the two countries, GAP words after the other (after Hochreiter & Schmidhuber 1997, temporal order).
In `later` it counts forward, from the missing word, whose index is PLACE, to the country. A fixed distance is a fixed
place: a model with a weight for each place finds the word there without reading what is around it.
"""

import re
from typing import Final, Literal, NamedTuple, get_args

Task = Literal["plain", "decoys", "order", "later"]
TASKS: Final[tuple[Task, ...]] = get_args(Task)
TASK_DESCRIPTIONS: Final[dict[str, str]] = {
    "plain": "one country is named; it decides",
    "decoys": "ten are named; that where I lived decides",
    "order": "two are named; the last of them decides",
    "later": "one is named, after the place of the missing word; it decides",
}
DISTANCES: Final = (5, 10, 20, 40, 80, 110, 200, 380)
# Texts of so many words have room for the distances up to ROOM_BEFORE less.
LENGTHS: Final = (120, 400)
ROOM_BEFORE: Final = 10
LANGUAGES: Final = {
    "Ireland": "Gaelic",
    "Spain": "Spanish",
    "France": "French",
    "Italy": "Italian",
    "Greece": "Greek",
    "Poland": "Polish",
    "Japan": "Japanese",
    "Turkey": "Turkish",
    "Norway": "Norwegian",
    "Portugal": "Portuguese",
}
COUNTRIES: Final = tuple(LANGUAGES)
NUM_CLASSES: Final[dict[Task, int]] = {"plain": 10, "decoys": 10, "order": 2, "later": 10}
BAG_CEILINGS: Final[dict[Task, float]] = {"plain": 1.0, "decoys": 0.1, "order": 0.5, "later": 1.0}
NUM_TEXTS: Final = {"train": 10_000, "validation": 1_000, "test": 1_000}
PREFIX: Final = "recall-"
NAME: Final = re.compile(rf"{PREFIX}({'|'.join(TASKS)})-(upto-)?(\d+)")


class Recall(NamedTuple):
    """One dataset: a task, the distances of its training and validation texts and those of its test texts."""

    task: Task
    distances: tuple[int, ...]
    test_distances: tuple[int, ...]

    @property
    def num_words(self) -> int:
        """The words of each text."""
        return count_words(max(self.test_distances))

    @property
    def label_names(self) -> tuple[str, ...]:
        """The languages to tell apart."""
        return tuple(LANGUAGES.values())[: NUM_CLASSES[self.task]]


def parse_name(name: str) -> Recall | None:
    """Read a dataset's name; None when it is none of these.

    "recall-order-40" trains and tests at 40; "recall-order-upto-40" trains at every distance up to 40 and tests at
    those and at all further ones that a text of the same length has room for.
    """
    match = NAME.fullmatch(name)
    if not match or int(match[3]) not in DISTANCES:
        return None
    task: Task = next(task for task in TASKS if task == match[1])
    distance = int(match[3])
    if not match[2]:
        return Recall(task, (distance,), (distance,))
    in_reach = tuple(other for other in DISTANCES if count_words(other) <= count_words(distance))
    return Recall(task, tuple(other for other in DISTANCES if other <= distance), in_reach)


def describe_names() -> str:
    """Say which names there are, for people."""
    choices = f"tasks are {', '.join(TASKS)}, distances {', '.join(map(str, DISTANCES))}"
    return f"{PREFIX}<task>-<distance> or {PREFIX}<task>-upto-<distance>; {choices}"


def count_words(distance: int) -> int:
    """How many words a text of this distance has: count_words(110) -> 120."""
    return next(length for length in LENGTHS if distance + ROOM_BEFORE <= length)


def find_distance(text: str) -> int:
    """Find at which distance the deciding word is; of texts of all tasks but `later`."""
    words = text.split()
    named = [index for index, word in enumerate(words) if word in LANGUAGES]
    lived = [index for index in named if words[index - 3] == "I"]
    return len(words) - (lived or named)[-1]
