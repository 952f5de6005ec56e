"""A built-in corpus of film reviews, written by a small grammar, in which word order carries part of the label.

TODO ceilings
"""

import random
import re
from collections.abc import Iterator, Sequence
from typing import Final

LABEL_NAMES: Final = ("negative", "positive")
NUM_REVIEWS: Final = {"train": 8_000, "test": 2_000}

# Far apart, because a seed shared by the splits would put one review in both.
FIRST_SEED: Final = {"train": 1_000_000, "test": 2_000_000}
LABEL_NOISE: Final = 0.04
DISSENT: Final = 0.2
# The models read 120 words, so what decides stands before that.
HEAD_WORDS: Final = 112
TAIL_OPINION: Final = 0.2
# Lengths in words at equal steps of probability: a long tail, as real reviews have.
LENGTH_QUANTILES: Final = (30, 60, 90, 115, 128, 140, 155, 175, 205, 235, 285)

ADJECTIVES: Final = (
    (
        "dull bad boring terrible dreadful weak clumsy lifeless tedious lazy feeble hollow shallow "
        "messy tiresome sloppy wooden bland miserable painful ridiculous pointless forgettable stale"
    ).split(),
    (
        "good great wonderful brilliant superb clever gripping funny moving charming delightful "
        "splendid fresh thrilling tender witty fascinating graceful magnificent touching lovely "
        "perfect memorable masterful"
    ).split(),
)
VERBS: Final = (
    "disliked hated loathed regretted resented despised detested".split(),
    "liked loved enjoyed adored admired relished treasured".split(),
)

PLAIN: Final = (
    "The {aspect} was {own}.",
    "I {felt} the {aspect}.",
    "It is a {own} {film} with a {own} {aspect}.",
    "Frankly, the {aspect} is {own} from the first scene to the last.",
    "What stays with me is the {own} {aspect}.",
    "{first} {surname} is {own} as the {job}.",
)
CONTRAST: Final = (
    "The {aspect} was {opposite}, but the {aspect} was {own}.",
    "Although the {aspect} was {opposite}, the {aspect} was {own}.",
    "The {aspect} was {own}, although the {aspect} was {opposite}.",
    "I expected a {opposite} {film}, I got a {own} one.",
    "Despite the {opposite} {aspect} I {felt} it.",
    "The {aspect} of {first} {surname} may be {opposite}, yet the {film} is {own}.",
    "I {felt} the {film} even though the {aspect} was {opposite}.",
    "The trailer looked {opposite}, the {film} itself is {own}.",
)
NEGATION: Final = (
    "This is not a {opposite} {film}.",
    "The {aspect} was hardly {opposite}.",
    "Nobody could call the {aspect} {opposite}.",
    "I never {unfelt} the {aspect}.",
    "There is nothing {opposite} about the {aspect} or the {aspect}.",
    "At no point is the {aspect} by {surname} {opposite}.",
    "The {aspect} is far from {opposite}.",
    "The {aspect} was not only {own} but {own}.",
)
BORROWED: Final = (
    "My {kin} called the {aspect} {any} and the {aspect} {any}; I found the {film} {own}.",
    "Critics wrote that the {aspect} was {any}; to me it was {own}.",
    "I {felt} the {aspect}, whatever my {kin} says about a {any} {film}.",
    "My {kin}, who thinks every {film} by {surname} is {any}, slept; I {felt} it.",
)
OPINIONS: Final = (PLAIN, PLAIN, CONTRAST, NEGATION, BORROWED)

FILLER: Final = (
    "{first} {surname} plays a {trait} {job} who {finds} a {thing} in {place}.",
    "The story begins in {place}, where a {job} {finds} the {thing} of a {trait} {job}.",
    "It was shot near {place} in {year} by {first} {surname}.",
    "Then {first} and {first} drive to {place} with a {trait} {thing}.",
    "There is a {season} in {place}, a {thing}, a {thing} and a {job} called {surname}.",
    "{surname} also wrote it, after a novel about a {job} and a {thing}.",
    "We saw it one {season} in {place} with a {trait} audience.",
    "By the time the {job} {finds} the {thing}, {first} has left for {place}.",
    "In the second half a {any} {job} from {place} {finds} the {thing} of {surname}.",
    "Everyone in {place} talks about the {any} {thing} that {first} {finds}.",
)

ONSETS: Final = "Mar Bel Dor Tal Hen Ros Vin Cal Lor Bran Sel Fen Gar Ol Ther Wil Kes Jun Par Nol Har Mil Ed Quin".split()
MIDDLES: Final = "a e i o u an er il on ar en is or et al um".split()
ENDINGS: Final = (
    "son man ley ton ter dall wick field more ska vitz bury ham nard lin row gate stein dez croft".split()
)
LAST: Final = "na ra lo ric la mo das vin".split()
TOWNS: Final = "ville port holm stead ford mouth haven burg".split()

COMMON: Final[dict[str, Sequence[str]]] = {
    "any": [word for pair in zip(*ADJECTIVES, strict=True) for word in pair],
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
        "tunnel garden train wagon blanket ticket compass knife coin drum rope ladder basket umbrella "
        "coat candle bottle trunk saddle cradle hammer kettle carpet chapel orchard cottage barn mill "
        "ledger passport scarf helmet whistle anchor"
    ).split(),
    "trait": (
        "young old quiet tall retired nervous stubborn lonely patient wealthy famous local shy blind "
        "tired foreign bearded polite hungry restless sleepy proud careful barefoot married homesick "
        "silent freckled thirsty cautious"
    ).split(),
    "finds": (
        "finds steals hides buys sells loses burns paints repairs follows borrows buries carries "
        "guards inherits photographs remembers forgets collects watches drops measures trades returns"
    ).split(),
    "season": "spring summer autumn winter morning night holiday storm flood festival harvest".split(),
    "year": [str(year) for year in range(2019, 1930, -1)],
    "first": [a + b for b in LAST for a in ONSETS],
    "surname": [a + b + c for c in ENDINGS for b in MIDDLES for a in ONSETS],
    "place": [a + b + c for c in TOWNS for b in MIDDLES[:6] for a in ONSETS],
}
SLOT: Final = re.compile(r"\{(\w+)\}")


def build_lexicon(polarity: int) -> dict[str, Sequence[str]]:
    opposite = 1 - polarity
    return COMMON | {
        "own": ADJECTIVES[polarity],
        "opposite": ADJECTIVES[opposite],
        "felt": VERBS[polarity],
        "unfelt": VERBS[opposite],
    }


LEXICONS: Final = (build_lexicon(0), build_lexicon(1))


def choose[T](rng, items):
    return items[int(rng.random() * len(items))]
