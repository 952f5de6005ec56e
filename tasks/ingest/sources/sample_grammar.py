"""The words and sentences that the built-in film reviews are made of.

A sentence is a template with slots such as {aspect}; a lexicon has the words for each slot. Words that come early in a
list are drawn more often than later ones.
"""

# ruff: noqa: SIM905  # words are easier to read and to weigh against each other as running text

from collections.abc import Mapping, Sequence
from typing import Final

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

# Adverbs separate a word from what reverses its sense, so that bigrams seldom give the answer away.
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


def build_lexicon(polarity: int, rumour: int) -> dict[str, Sequence[str]]:
    """Build the words for each slot: `polarity` is the writer's, `rumour` that of the people quoted."""
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
