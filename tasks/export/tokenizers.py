"""Tokenizers for other programs: files of the `tokenizers` library that read a text as it comes, and clean it first."""

from typing import Final, Literal

from tokenizers import Regex, Tokenizer, normalizers

from tasks.baseline.baselines import Unit
from tasks.baseline.ngrams import Vocabulary
from tasks.baseline.units import SPELLINGS
from tasks.encode.characters import make_character_tokenizer
from tasks.encode.padding import PAD_ID
from tasks.encode.words import OOV, PAD, make_tokenizer
from tasks.ingest.clean import ENTITIES, MARKUP

# Where case is ignored, Python takes these two letters for an i, and other libraries do not.
LETTERS_I: Final = "[i\u0130\u0131]"
TAG: Final = f"(?i:{MARKUP.pattern.replace('i', LETTERS_I)})"
MAKE: Final = {"words": make_tokenizer, "characters": make_character_tokenizer}


def make_unit_tokenizer(vocabulary: Vocabulary, unit: Unit) -> Tokenizer:
    """Make a tokenizer of a baseline's words or characters; their ids are their numbers from 2 on."""
    return MAKE[unit]([PAD, OOV, *SPELLINGS[unit].spell(vocabulary.words).to_pylist()])


def add_cleaning(tokenizer: Tokenizer) -> Tokenizer:
    """Let a tokenizer clean texts as `clean_text` does, except that it neither cuts them nor undoes bytes literals.

    The entity of the ampersand comes last, so that what it becomes part of is no entity, as in a single pass.
    """
    made = Tokenizer.from_str(tokenizer.to_str())
    entities = sorted(ENTITIES, key=lambda entity: entity == "&amp;")
    made.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex(TAG), " "),
            *(normalizers.Replace(entity, ENTITIES[entity]) for entity in entities),
            normalizers.Replace("\r\n", "\n"),
            normalizers.Replace("\r", "\n"),
            normalizers.Strip(),
            *([made.normalizer] if made.normalizer else []),
        ]
    )
    return made


def add_lengths(tokenizer: Tokenizer, *, length: int | None, padding: Literal["left", "right"]) -> Tokenizer:
    """Let a tokenizer cut and pad texts to `length` tokens; without one, it pads those of a batch to the longest."""
    if length:
        tokenizer.enable_truncation(length, direction="right")
    tokenizer.enable_padding(length=length, direction=padding, pad_id=PAD_ID, pad_token=PAD)
    return tokenizer
