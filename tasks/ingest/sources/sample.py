"""A built-in corpus of film reviews, written by a small grammar, in which word order carries part of the label.

A review's label is the majority of its writer's opinions. Some are plain; others turn words round by contrast
("although ...", "..., but ..."), by negation ("hardly dull") or by quoting somebody else's opinion.

Accuracy on test, measured on these very texts (C = 0.01 for the bag of words, 1 for tf-idf):

| reader | whole review | first 120 words |
|---|---|---|
| majority | 50.0% | 50.0% |
| bag of words, logistic regression | 81.4% | 81.4% |
| tf-idf of words and pairs, logistic regression | 86.6% | 86.3% |
| Embedding 16, Flatten, Dense 6 | | 86.5% |
| Embedding 16, BiLSTM(32), Dense 6; two seeds | | 90.3%, 85.0% |
| Embedding 16, Conv1D(128, 5), maximum, Dense 24 | | 93.4% |
| the grammar's own cues, logistic regression | | 95.4% |
| whoever knows every opinion: 4.4% of test labels are flipped | 95.6% | |
"""

# ruff: noqa: SIM905  # words are easier to read and to weigh against each other as running text

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeVar

T = TypeVar("T")

LABEL_NAMES: Final = ("negative", "positive")
NUM_REVIEWS: Final = {"train": 8_000, "test": 2_000}

# Each review has its own seed; one that both splits used would put a review in both.
FIRST_SEED: Final = {"train": 1_000_000, "test": 2_000_000}
LABEL_NOISE: Final = 0.04
DISSENT: Final = 0.08
# The models read 120 words, so nearly all that decides stands before this many.
HEAD_WORDS: Final = 118
TAIL_OPINION: Final = 0.2
# Three opinions, and two more from each of these lengths on.
OPINION_BOUNDS: Final = (60, 80, 100)
# Lengths in words at equal steps of probability: a long tail, as real reviews have.
LENGTH_QUANTILES: Final = (30, 60, 90, 115, 128, 140, 155, 175, 205, 235, 270)

# No word that follows "a" begins with a vowel, so that no template has to choose between "a" and "an".
ADJECTIVES: Final = (
    (
        "dull bad boring terrible dreadful weak clumsy lifeless tedious lazy feeble hollow shallow messy wooden bland"
    ).split(),
    (
        "good great wonderful brilliant superb clever gripping funny moving charming thrilling tender "
        "witty fascinating graceful magnificent touching lovely"
    ).split(),
)
VERBS: Final = (
    "disliked hated loathed regretted resented despised detested".split(),
    "liked loved enjoyed adored admired relished treasured".split(),
)

# Adverbs stand between a word and what turns it round, so that pairs of words seldom give the answer away.
PLAIN: Final = (
    "The {aspect} was {very}{own}{here}.",
    "I {really}{felt} the {aspect}{here}.",
    "The {aspect} was {very}{own} and the {aspect} was {very}{own}{here}.",
    "Frankly, the {aspect} is {very}{own}{here}.",
    "{first} {surname} was {very}{own} as the {job}.",
)
CONTRAST: Final = (
    "The {aspect} was {very}{opposite}{here}, but the {aspect} was {very}{own}{here}.",
    "Although the {aspect} was {very}{opposite}{here}, the {aspect} was {very}{own}{here}.",
    "The {aspect} was {very}{own}{here}, although the {aspect} was {very}{opposite}{here}.",
    "I expected a {very}{opposite} {film}, but I got a {very}{own} {film}.",
    "I {really}{felt} the {film}{here}, although I {really}{unfelt} the {aspect}.",
)
NEGATION: Final = (
    "This is not a {very}{opposite} {film}.",
    "Nobody could say that {first} {surname} was {very}{opposite} as the {job}.",
    "I would not say that I {really}{unfelt} the {aspect}{here}.",
    "I would never say that the {aspect} is {very}{opposite}{here}.",
    "The {aspect} was never {very}{opposite}{here} and the {aspect} was hardly {very}{opposite}{here}.",
)
HEARSAY: Final = (
    "My {kin} said that the {aspect} was {very}{said}{here}, but I {really}{felt} it.",
    "Critics said that the {aspect} was {very}{said} and they {really}{saidfelt} it, but it was {very}{own}{here}.",
)
OPINIONS: Final = (PLAIN, CONTRAST, NEGATION, HEARSAY)

RETELLING: Final = (
    "{first} {surname} plays a {trait} {job} who {finds} a {thing} in {place}.",
    "The story begins in {place}, where a {job} {finds} the {thing} of a {trait} {job}.",
    "It was shot near {place} in {year} by {first} {surname}.",
    "Then {first} and {first} drive to {place} with a {trait} {thing}.",
    "There is a {thing}, a {thing} and a {job} called {surname}, and one {season} in {place}.",
    "{surname} also wrote it, after a novel about a {job} and a {thing}.",
    "We saw it one {season} in {place} with a {trait} audience.",
    "By the time the {job} {finds} the {thing}, {first} has left for {place}.",
    "In the second half a {trait} {job} from {place} {finds} the {thing} of {surname}.",
    "Everyone in {place} talks about the {trait} {thing} that {first} {finds}.",
)

ONSETS: Final = (
    "Mar Bel Dor Tal Hen Ros Vin Cal Lor Bran Sel Fen Gar Ol Ther Wil Kes Jun Par Nol Har Mil Ed Quin"
).split()
MIDDLES: Final = "a e i o u an er il on ar en is or et al um".split()
SURNAMES: Final = (
    "son man ley ton ter dall wick field more ska vitz bury ham nard lin row gate stein dez croft"
).split()
FIRST_NAMES: Final = "na ra lo ric la mo das vin".split()
TOWNS: Final = "ville port holm stead ford mouth haven burg".split()

NEUTRAL: Final[Mapping[str, Sequence[str]]] = {
    "very": ("", "very ", "quite ", "rather ", "truly ", "really ", "plainly ", "simply "),
    "really": ("", "really ", "truly ", "quite ", "rather ", "simply ", "thoroughly ", "secretly "),
    "here": ("", " at times", " from start to finish", " in places", " for the most part", " to me", " throughout"),
    "film": "film movie picture feature comedy drama thriller sequel western musical".split(),
    "aspect": (
        "plot acting ending script story score dialogue direction editing pacing camerawork humour "
        "opening finale soundtrack romance casting photography costume scenery narration suspense "
        "premise chemistry climax lighting choreography prologue"
    ).split(),
    "kin": "cousin brother sister neighbour mother father uncle aunt boss roommate wife husband".split(),
    "job": (
        "teacher doctor sailor farmer lawyer painter baker soldier priest nurse gardener widow "
        "detective musician pilot smuggler banker clerk poet surgeon judge waiter miner chemist "
        "tailor butcher plumber senator spy jockey translator librarian blacksmith carpenter boxer "
        "hunter monk thief duke governess"
    ).split(),
    "thing": (
        "letter map suitcase piano horse boat key diary photograph lantern violin watch ring wallet "
        "bicycle telescope mirror statue radio clock parrot dog painting cellar bridge lighthouse "
        "tunnel garden train wagon blanket ticket compass knife coin drum rope ladder basket coat "
        "candle bottle trunk saddle cradle hammer kettle carpet chapel cottage barn mill ledger "
        "passport scarf helmet whistle"
    ).split(),
    "trait": (
        "young quiet tall retired nervous stubborn lonely patient wealthy famous local shy blind "
        "tired foreign bearded polite hungry restless sleepy proud careful barefoot married homesick "
        "silent freckled thirsty cautious"
    ).split(),
    "finds": (
        "finds steals hides buys sells loses burns paints repairs follows borrows buries carries "
        "guards inherits photographs remembers forgets collects watches drops measures trades returns"
    ).split(),
    "season": "spring summer autumn winter morning night holiday storm flood festival harvest".split(),
    "year": [str(year) for year in range(2019, 1930, -1)],
    "first": [start + end for end in FIRST_NAMES for start in ONSETS],
    "surname": [
        prefix + start + middle + end
        for prefix in ("", "Mac", "O'", "Van")
        for end in SURNAMES
        for middle in MIDDLES
        for start in ONSETS
    ],
    "place": [start + middle + end for end in TOWNS for middle in MIDDLES[:6] for start in ONSETS],
}
SLOT: Final = re.compile(r"\{(\w+)\}")


def build_lexicon(polarity: int, rumour: int) -> dict[str, Sequence[str]]:
    """The words for each slot when the writer is of one polarity and those quoted are of another."""
    return {
        **NEUTRAL,
        "own": ADJECTIVES[polarity],
        "opposite": ADJECTIVES[1 - polarity],
        "said": ADJECTIVES[rumour],
        "felt": VERBS[polarity],
        "unfelt": VERBS[1 - polarity],
        "saidfelt": VERBS[rumour],
    }


LEXICONS: Final = [[build_lexicon(polarity, rumour) for rumour in (0, 1)] for polarity in (0, 1)]


def generate_reviews(split: str) -> Iterator[tuple[str, int]]:
    """Yield each review of a split as (text, label), the same on every machine; half of them have each label."""
    seed = FIRST_SEED[split]
    labels = [number % 2 for number in range(NUM_REVIEWS[split])]
    for number, label in enumerate(shuffle(labels, start_random(seed)), start=1):
        rng = start_random(seed + number)
        opinion = 1 - label if rng.random() < LABEL_NOISE else label
        yield write_review(opinion, rng), label


def start_random(seed: int) -> random.Random:
    """A generator for an integer seed, whose `random()` Python promises to keep the same across versions."""
    return random.Random(seed)  # noqa: S311  # no secret hangs on it


def write_review(opinion: int, rng: random.Random) -> str:
    """The opinions with retelling between them, then mostly retelling until the length is reached."""
    length = draw_length(rng)
    sentences = write_head(draw_polarities(opinion, length, rng), length, rng)
    while count_words(sentences) < length:
        is_opinion = rng.random() < TAIL_OPINION
        sentences.append(write_opinion(opinion, OPINIONS, rng) if is_opinion else write_retelling(rng))
    return " ".join(sentences)


def write_head(polarities: Sequence[int], length: int, rng: random.Random) -> list[str]:
    """An opinion per polarity, a plain one first and last, and as much retelling between as fits the words read."""
    kinds = [(PLAIN,), *[OPINIONS] * (len(polarities) - 2), (PLAIN,)]
    sentences = [write_opinion(polarity, kind, rng) for polarity, kind in zip(polarities, kinds, strict=True)]
    while (room := min(length, HEAD_WORDS) - count_words(sentences)) > 0:
        retelling = write_retelling(rng)
        if count_words([retelling]) > room:
            break
        sentences.insert(1 + int(rng.random() * (len(sentences) - 1)), retelling)
    return sentences


def draw_length(rng: random.Random) -> int:
    """The number of words to reach: between two quantiles, along a straight line."""
    position = rng.random() * (len(LENGTH_QUANTILES) - 1)
    step = int(position)
    low, high = LENGTH_QUANTILES[step : step + 2]
    return low + int((position - step) * (high - low))


def draw_polarities(opinion: int, length: int, rng: random.Random) -> list[int]:
    """The polarity of each opinion in order: an odd number of them, most of them the writer's own."""
    num_opinions = 3 + 2 * sum(length >= bound for bound in OPINION_BOUNDS)
    num_dissenting = min(sum(rng.random() < DISSENT for _ in range(num_opinions)), num_opinions // 2)
    agreeing = [opinion] * (num_opinions - num_dissenting)
    return shuffle(agreeing + [1 - opinion] * num_dissenting, rng)


def write_opinion(polarity: int, kinds: Sequence[Sequence[str]], rng: random.Random) -> str:
    """A sentence of one of the kinds by a writer of this polarity; those it quotes are of either."""
    lexicon = choose(LEXICONS[polarity], rng)
    return fill_slots(choose(choose(kinds, rng), rng), lexicon, rng)


def write_retelling(rng: random.Random) -> str:
    """A sentence about the film that says nothing for or against it."""
    return fill_slots(choose(RETELLING, rng), NEUTRAL, rng)


def fill_slots(template: str, lexicon: Mapping[str, Sequence[str]], rng: random.Random) -> str:
    """A template with a drawn word for each {slot}."""
    return SLOT.sub(lambda slot: choose_word(lexicon[slot[1]], rng), template)


def choose_word(words: Sequence[str], rng: random.Random) -> str:
    """One of the words, the early ones often and the late ones seldom, as in any language."""
    return words[int(rng.random() ** 2 * len(words))]


def choose(items: Sequence[T], rng: random.Random) -> T:
    """One of the items, each as likely."""
    return items[int(rng.random() * len(items))]


def shuffle(items: Sequence[T], rng: random.Random) -> list[T]:
    """The items in a random order; random.shuffle's order may differ between Python versions."""
    return sorted(items, key=lambda _: rng.random())


def count_words(sentences: Sequence[str]) -> int:
    """How many words the sentences have, split at spaces."""
    return sum(len(sentence.split()) for sentence in sentences)
