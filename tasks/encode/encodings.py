"""The table of encodings: add a row to add one."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal

# What is fitted on the training texts, and beside it the tokens of an encoder that somebody has trained.
FittedKind = Literal["words", "unicode-words", "characters", "subwords", "unigram"]
Kind = Literal[FittedKind, "pretrained"]
PRETRAINED: Final = "pretrained"
# Their tokens are spelled in bytes, so that no text is out of vocabulary.
OF_BYTES: Final = frozenset({"subwords", "unigram"})
# Their tokens are words, which may have vectors.
OF_WORDS: Final = frozenset({"words", "unicode-words"})


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """How text becomes a sequence of `length` token ids below `vocab_size`; id 0 pads and id 1 is out of vocabulary."""

    name: str
    kind: Kind
    vocab_size: int
    length: int
    padding: Literal["pre", "post"]
    description: str

    def settings(self) -> dict[str, Any]:
        """Return everything that decides the tokens, as plain JSON."""
        return {key: value for key, value in asdict(self).items() if key not in ("name", "description")}


_ROWS: Final = (
    Encoding(
        name="words-10k-120",
        kind="words",
        vocab_size=10_000,
        length=120,
        padding="pre",
        description="the 9,998 commonest words, the first 120 of each review",
    ),
    Encoding(
        name="words-1k-120",
        kind="words",
        vocab_size=1_000,
        length=120,
        padding="pre",
        description="the 998 commonest words, the first 120 of each review",
    ),
    Encoding(
        name="words-1k-400",
        kind="words",
        vocab_size=1_000,
        length=400,
        padding="pre",
        description="the 998 commonest words, the first 400 of each review",
    ),
    Encoding(
        name="subwords-8k-120",
        kind="subwords",
        vocab_size=8_192,
        length=120,
        padding="pre",
        description="8,192 byte-pair subwords, the first 120 of each review",
    ),
    Encoding(
        name="words-20k-400",
        kind="words",
        vocab_size=20_000,
        length=400,
        # Padding on the right is what cuDNN's recurrent layers can mask.
        padding="post",
        description="the 19,998 commonest words, the first 400 of each review",
    ),
    Encoding(
        name="unicode-words-10k-120",
        kind="unicode-words",
        vocab_size=10_000,
        length=120,
        padding="pre",
        description="the 9,998 commonest words, punctuation marks and emoji of any language, the first 120",
    ),
    Encoding(
        name="unicode-words-30k-1024",
        kind="unicode-words",
        vocab_size=30_000,
        length=1_024,
        padding="post",
        description="the 29,998 commonest words, punctuation marks and emoji of any language, the first 1,024",
    ),
    Encoding(
        name="characters-4k-480",
        kind="characters",
        vocab_size=4_000,
        length=480,
        padding="pre",
        description="the 3,998 commonest characters, the first 480 of each review",
    ),
    Encoding(
        name="encoder-256",
        kind=PRETRAINED,
        vocab_size=30_522,
        length=256,
        padding="post",
        description="the tokens of the encoder that --encoder names, the first 256 of each review",
    ),
)

ENCODINGS: Final = {row.name: row for row in _ROWS}

# How many tokens of a kind say about as much as one word.
TOKENS_PER_WORD: Final[dict[Kind, int]] = {
    "words": 1,
    "unicode-words": 1,
    "characters": 4,
    "subwords": 1,
    "unigram": 1,
    "pretrained": 1,
}
THOUSAND: Final = 1_000


def adapt_encoding(
    own: Encoding, *, kind: Kind | None = None, length: int | None = None, vocab_size: int | None = None
) -> Encoding:
    """Change a variant's own encoding where something else is wanted; return a row of the table if one has the result.

    Without a length, it is the variant's own number of words in tokens of the other kind: 120 words are 480 characters.
    """
    kind = kind or own.kind
    changed = replace(
        own,
        kind=kind,
        length=length or own.length * TOKENS_PER_WORD[kind] // TOKENS_PER_WORD[own.kind],
        vocab_size=vocab_size or own.vocab_size,
    )
    rows = [row for row in _ROWS if row.settings() == changed.settings()]
    return rows[0] if rows else replace(changed, name=name_encoding(changed), description=describe_encoding(changed))


def fit_to_encoder(encoding: Encoding, *, vocab_size: int, most_tokens: int) -> Encoding:
    """Give the tokens of an encoder the size of its vocabulary, and no more of them than it has places for."""
    length = min(encoding.length, most_tokens)
    return replace(
        encoding,
        name=f"encoder-{length}",
        vocab_size=vocab_size,
        length=length,
        description=f"the {vocab_size:,} tokens of a pretrained encoder, the first {length:,} of each review",
    )


def name_encoding(encoding: Encoding) -> str:
    """Name an encoding that is not in the table, by all that it differs in: "characters-10k-480"."""
    if encoding.kind == PRETRAINED:
        return f"encoder-{encoding.length}"
    size = encoding.vocab_size
    spelled = f"{size // THOUSAND}k" if size % THOUSAND == 0 else str(size)
    name = f"{encoding.kind}-{spelled}-{encoding.length}"
    return name if encoding.padding == "pre" and name not in ENCODINGS else f"{name}-{encoding.padding}"


def describe_encoding(encoding: Encoding) -> str:
    """Describe an encoding that is not in the table."""
    kind = encoding.kind.replace("-", " ")
    return f"{encoding.vocab_size:,} {kind}, the first {encoding.length:,} of each review"


def restore_encoding(name: str, settings: Mapping[str, Any]) -> Encoding:
    """Make an encoding from its name and what `settings` returned."""
    return Encoding(name=name, description="", **settings)
