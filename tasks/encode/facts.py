"""What the manifest of an encoding says about it."""

from tasks.encode.encodings import FittedKind
from tasks.store.facts import Facts


class TokenTotals(Facts):
    """Tokens of a split before truncation, how many of them are unknown, and how many reviews are truncated."""

    num_tokens: int
    num_oov: int
    num_truncated: int


class EncodingFacts(Facts):
    """The size of the vocabulary, and the token totals by split.

    `most_unknown` is the largest share of tokens of a training text that a model cannot know; see `find_largest_share`.
    """

    vocab_size: int
    splits: dict[str, TokenTotals]
    most_unknown: float


class TextFacts(Facts):
    """What the training texts are like, by `num_texts` of them; `num_characters` is an estimate for all of them.

    `scripts` are the commonest scripts with their shares of the letters, and `without_spaces` is the share of letters
    of scripts that put no spaces between words. The shares of unknown words are those of the validation split, split
    into words by the course notebook's rules and by Unicode's.
    """

    num_texts: int
    num_characters: int
    spaces_per_character: float
    scripts: dict[str, float]
    without_spaces: float
    unknown_words: float
    unknown_unicode_words: float


class EncodingChoice(Facts):
    """How a run's texts are encoded, and why.

    `kind` is None if every variant has its own encoding; `on_characters` tells whether baselines on n-grams of
    characters take part unless they are chosen by name.
    """

    wanted: str
    kind: FittedKind | None
    reason: str
    on_characters: bool
    texts: TextFacts
