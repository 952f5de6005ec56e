"""The table of encodings: add a row to add one."""

from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

Kind = Literal["words", "unicode-words", "characters", "subwords"]


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
)

ENCODINGS: Final = {row.name: row for row in _ROWS}
