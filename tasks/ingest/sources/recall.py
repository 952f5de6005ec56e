"""Generated texts in which one word, at a known distance from the end, decides the label.

They measure how far back a model can look. The idea comes from an example in the course notebook that this project's
recurrent models come from: in "I lived in Ireland, so at school they made me learn how to speak <...>", the missing
word depends on a country that was named much earlier. All texts of a dataset have the same number of words.
Around the words that matter there is filler: clauses that say nothing about the label. There are four recall tasks:

| recall task | what decides the label | classes | chance | best accuracy of a bag of words |
|---|---|---|---|---|
| plain | the only country in the text | 10 | 10% | 100%: the word itself |
| decoys | the country where I lived; relatives lived in the other nine | 10 | 10% | 10%: each text names all ten |
| order | which of two countries comes last | 2 | 50% | 50%: each text names both |
| later | the only country, which comes after the missing word | 10 | 10% | 100%: the word itself |

A distance is the number of steps back from the end to the deciding word; the last word is at distance 1. In `order` the
deciding word is the later of the two countries, GAP words after the other one (like the temporal order problem of
Hochreiter & Schmidhuber 1997). In `later`, the distance counts forward from the missing word, at index PLACE, to the
country. In a dataset with one distance, the word is always at the same position, so that a model with a weight for
each position finds it without reading the words around it.
"""

import re
from collections.abc import Iterator
from itertools import product
from random import Random
from typing import Final, Literal, NamedTuple, get_args

from tasks.ingest.sources.draws import choose, shuffle, start_random
from tasks.ingest.sources.recall_words import CLAUSES, COUNTRIES, ENDING, KIN, LANGUAGES, PLACE_WORDS, SLOTS

# "Task" alone would mean a Prefect task.
RecallTask = Literal["plain", "decoys", "order", "later"]
RECALL_TASKS: Final[tuple[RecallTask, ...]] = get_args(RecallTask)
RECALL_TASK_DESCRIPTIONS: Final[dict[str, str]] = {
    "plain": "the text names one country, which decides",
    "decoys": "the text names ten countries; the one where I lived decides",
    "order": "the text names two countries; the later one decides",
    "later": "the text names one country after the missing word; it decides",
}
DISTANCES: Final = (5, 10, 20, 40, 80, 110, 200, 380)
# The numbers of words that a text may have; distances must be at least ROOM_BEFORE words shorter.
LENGTHS: Final = (120, 400)
ROOM_BEFORE: Final = 10
NUM_CLASSES: Final[dict[RecallTask, int]] = {"plain": 10, "decoys": 10, "order": 2, "later": 10}
BAG_CEILINGS: Final[dict[RecallTask, float]] = {"plain": 1.0, "decoys": 0.1, "order": 0.5, "later": 1.0}
NUM_TEXTS: Final = {"train": 10_000, "validation": 1_000, "test": 1_000}
FIRST_SEED: Final = {"train": 3_000_000, "validation": 4_000_000, "test": 5_000_000}

# With this gap, no window of five words contains both countries, and two windows with one country each share no word.
GAP: Final = 12
# If the text begins too close to the countries for that gap, this many words stay before them and windows share words.
LEAST_BEFORE: Final = 4
PLACE: Final = len(PLACE_WORDS) - 1
MOST_SKIPPED: Final = 40
SLOT: Final = re.compile(r"\{(\w+)\}")
PREFIX: Final = "recall-"
NAME: Final = re.compile(rf"{PREFIX}({'|'.join(RECALL_TASKS)})-(upto-)?(\d+)")


class Recall(NamedTuple):
    """One dataset: a recall task, the distances in training and validation texts, and those in test texts."""

    recall_task: RecallTask
    distances: tuple[int, ...]
    test_distances: tuple[int, ...]

    @property
    def num_words(self) -> int:
        """The number of words in each text."""
        return count_words(max(self.test_distances))

    @property
    def label_names(self) -> tuple[str, ...]:
        """The languages that are the labels."""
        return tuple(LANGUAGES.values())[: NUM_CLASSES[self.recall_task]]


def parse_name(name: str) -> Recall | None:
    """Parse the name of a dataset; None if it is not one of these.

    "recall-order-40" trains and tests at distance 40. "recall-order-upto-40" trains at every distance up to 40 and
    tests at these and at all longer distances that fit into a text of the same length.
    """
    match = NAME.fullmatch(name)
    if not match or int(match[3]) not in DISTANCES:
        return None
    recall_task: RecallTask = next(known for known in RECALL_TASKS if known == match[1])
    distance = int(match[3])
    if not match[2]:
        return Recall(recall_task, (distance,), (distance,))
    fitting = tuple(other for other in DISTANCES if count_words(other) <= count_words(distance))
    return Recall(recall_task, tuple(other for other in DISTANCES if other <= distance), fitting)


def describe_names() -> str:
    """Describe the valid names, for a person."""
    choices = f"tasks are {', '.join(RECALL_TASKS)}, distances {', '.join(map(str, DISTANCES))}"
    return f"{PREFIX}<task>-<distance> or {PREFIX}<task>-upto-<distance>; {choices}"


def count_words(distance: int) -> int:
    """Return the number of words in a text with this distance: count_words(110) -> 120."""
    return next(length for length in LENGTHS if distance + ROOM_BEFORE <= length)


def generate_texts(recall: Recall, split: str) -> Iterator[tuple[str, int]]:
    """Yield each text of a split as (text, label), the same on every machine; labels and distances are balanced."""
    distances = recall.test_distances if split == "test" else recall.distances
    num_texts = NUM_TEXTS[split] * (len(distances) if split == "test" else 1)
    pairs = list(product(range(len(recall.label_names)), distances))
    drawn = shuffle([pairs[number % len(pairs)] for number in range(num_texts)], start_random(FIRST_SEED[split]))
    for number, (label, distance) in enumerate(drawn, start=1):
        rng = start_random(FIRST_SEED[split] + number)
        yield write_text(recall.recall_task, distance, label, rng, num_words=recall.num_words), label


def write_text(recall_task: RecallTask, distance: int, label: int, rng: Random, *, num_words: int) -> str:
    """Write a text of `num_words` words with the deciding word at the distance."""
    before = num_words - distance
    after = distance - 1 - len(ENDING)
    match recall_task:
        case "plain":
            words = [*fill(before - 3, rng), *state("I", COUNTRIES[label]), *fill(after, rng), *ENDING]
        case "decoys":
            words = write_decoys(before - 3, after, label, rng)
        case "order":
            gap = min(GAP, before - LEAST_BEFORE)
            text = fill(num_words - 4 - len(ENDING), rng)
            places = {before - gap - 1: COUNTRIES[1 - label], before - 1: COUNTRIES[label]}
            for place, country in places.items():
                text[place:place] = ["in", country]
            words = [*text, *ENDING]
        case "later":
            cue = ["in", COUNTRIES[label]]
            rest = num_words - PLACE - 1 - distance
            words = [*PLACE_WORDS, *fill(distance - len(cue), rng), *cue, *fill(rest, rng)]
    return " ".join(words)


def state(person: str, country: str) -> list[str]:
    """Say where somebody lived: state("my aunt", "Spain") -> ["my", "aunt", "lived", "in", "Spain"]."""
    return [*person.split(), "lived", "in", country]


def write_decoys(before: int, after: int, label: int, rng: Random) -> list[str]:
    """Say where I lived and, as far as there is room before and after it, where nine relatives lived."""
    countries = shuffle([country for country in COUNTRIES if country != COUNTRIES[label]], rng)
    decoys = [state(f"my {kin}", country) for kin, country in zip(shuffle(KIN, rng), countries, strict=False)]
    size = len(decoys[0])
    head: list[list[str]] = []
    tail: list[list[str]] = []
    for decoy in decoys:
        room_before, room_after = before // size - len(head), after // size - len(tail)
        side = head if rng.random() * (room_before + room_after) < room_before else tail
        side.append(decoy)
    own = state("I", COUNTRIES[label])
    return [*scatter(head, before, rng), *own, *scatter(tail, after, rng), *ENDING]


def scatter(statements: list[list[str]], num_words: int, rng: Random) -> list[str]:
    """Insert statements at random places of filler, keeping their order; the result has `num_words` words."""
    words = fill(num_words - sum(map(len, statements)), rng)
    places = sorted(int(rng.random() * (len(words) + 1)) for _ in statements)
    for place, statement in zip(reversed(places), reversed(statements), strict=True):
        words[place:place] = statement
    return words


def fill(num_words: int, rng: Random) -> list[str]:
    """Write filler that begins and ends anywhere within a clause, so that no position reveals anything."""
    skipped = int(rng.random() * MOST_SKIPPED)
    words: list[str] = []
    while len(words) < skipped + num_words:
        words += SLOT.sub(lambda slot: choose(SLOTS[slot[1]], rng), choose(CLAUSES, rng)).split()
    return words[skipped : skipped + num_words]


def find_distance(text: str) -> int:
    """Find the distance of the deciding word in a text of any recall task but `later`."""
    words = text.split()
    named = [index for index, word in enumerate(words) if word in LANGUAGES]
    lived = [index for index in named if words[index - 3] == "I"]
    return len(words) - (lived or named)[-1]
