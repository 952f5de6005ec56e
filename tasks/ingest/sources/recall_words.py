"""The words of the generated texts: countries with their languages, relatives, and clauses of filler."""

# ruff: noqa: SIM905  # words are easier to read as running text

from typing import Final

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
ENDING: Final = "so they taught me".split()
PLACE_WORDS: Final = "at school they taught me to speak this".split()
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
