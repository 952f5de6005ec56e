"""Writes the texts of the recall datasets: filler that says nothing of the label, with the cues in their places."""

# ruff: noqa: SIM905  # words are easier to read as running text

import re
from collections.abc import Iterator
from itertools import product
from random import Random
from typing import Final

from tasks.ingest.sources.draws import choose, shuffle, start_random
from tasks.ingest.sources.recall import COUNTRIES, NUM_TEXTS, Recall, Task

FIRST_SEED: Final = {"train": 3_000_000, "validation": 4_000_000, "test": 5_000_000}

ENDING: Final = "so they taught me".split()
# No window of five words has both countries, and no two windows that have one share a word, ...
GAP: Final = 12
# ... except where the text begins too early for that: then the windows share some.
LEAST_BEFORE: Final = 4
PLACE_WORDS: Final = "at school they taught me to speak this".split()
PLACE: Final = len(PLACE_WORDS) - 1

KIN: Final = "cousin brother sister neighbour mother father uncle aunt boss roommate wife husband".split()
CLAUSES: Final = (
    "it {rained} often",
    "we {met} daily",
    "the {shop} was {small}",
    "we {met} every {week}",
    "it {rained} all {week}",
    "the {bus} was always {late}",
    "we had a {small} {garden}",
    "they {met} near the {shop}",
    "the {bus} was {late} every {week}",
    "we {met} for {tea} each {week}",
    "somebody left a {small} {bag} there",
    "there was a {garden} behind the {shop}",
    "one {week} the {bus} was {late} again",
    "the {shop} sold {tea} and a {small} {bag}",
    "on the {bus} we talked about the {garden}",
)
SLOTS: Final = {
    "rained": "rained snowed stormed dripped thundered".split(),
    "shop": "shop bakery library station market pharmacy cinema museum chapel harbour".split(),
    "met": "met cooked danced walked played sang argued rested".split(),
    "week": "week month summer winter evening morning season holiday".split(),
    "small": "small quiet green narrow bright dusty heavy crooked famous ordinary".split(),
    "bus": "bus train ferry tram boat taxi van coach".split(),
    "late": "late early full slow crowded punctual".split(),
    "garden": "garden cellar balcony kitchen ladder fence pond meadow".split(),
    "tea": "tea bread soup cheese fish honey rice coffee".split(),
    "bag": "bag hat lamp umbrella letter basket coat bicycle".split(),
}
MOST_SKIPPED: Final = 40
SLOT: Final = re.compile(r"\{(\w+)\}")


def generate_texts(recall: Recall, split: str) -> Iterator[tuple[str, int]]:
    """Yield each text of a split as (text, label), the same on every machine; labels and distances are balanced."""
    distances = recall.test_distances if split == "test" else recall.distances
    num_texts = NUM_TEXTS[split] * (len(distances) if split == "test" else 1)
    pairs = list(product(range(len(recall.label_names)), distances))
    drawn = shuffle([pairs[number % len(pairs)] for number in range(num_texts)], start_random(FIRST_SEED[split]))
    for number, (label, distance) in enumerate(drawn, start=1):
        rng = start_random(FIRST_SEED[split] + number)
        yield write_text(recall.task, distance, label, rng, num_words=recall.num_words), label


def write_text(task: Task, distance: int, label: int, rng: Random, *, num_words: int) -> str:
    """Write a text of `num_words` words whose deciding word is at the distance."""
    before = num_words - distance
    after = distance - 1 - len(ENDING)
    match task:
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
    """Say where somebody lived."""
    return [*person.split(), "lived", "in", country]


def write_decoys(before: int, after: int, label: int, rng: Random) -> list[str]:
    """Say where I lived, and on either side, as there is room, where nine relatives lived."""
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
    """Put statements, in their order, anywhere into filler; `num_words` words in all."""
    words = fill(num_words - sum(map(len, statements)), rng)
    places = sorted(int(rng.random() * (len(words) + 1)) for _ in statements)
    for place, statement in zip(reversed(places), reversed(statements), strict=True):
        words[place:place] = statement
    return words


def fill(num_words: int, rng: Random) -> list[str]:
    """So many words from the middle of clauses that say nothing, so that no place in them is telling."""
    skipped = int(rng.random() * MOST_SKIPPED)
    words: list[str] = []
    while len(words) < skipped + num_words:
        words += SLOT.sub(lambda slot: choose(SLOTS[slot[1]], rng), choose(CLAUSES, rng)).split()
    return words[skipped : skipped + num_words]
