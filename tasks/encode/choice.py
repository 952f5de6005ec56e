"""How the texts of a run are encoded: as the settings say, or as the texts ask for."""

from pathlib import Path
from typing import Final, Literal

from tasks.encode.encodings import FittedKind
from tasks.encode.facts import EncodingChoice, TextFacts

Wanted = Literal["auto", "own", FittedKind]
# From these shares on, a difference to words is worth having; below them, every variant keeps its own encoding.
MANY_WITHOUT_SPACES: Final = 0.1
MANY_UNKNOWN: Final = 0.2
MORE_UNKNOWN: Final = 0.02
# One letter of these scripts tells little, unlike a Chinese character.
ALPHABETS_WITHOUT_SPACES: Final = frozenset({"Thai", "Lao", "Khmer", "Myanmar"})
# From this share on, parts of words tell more than words do, also where a neural model gets on with words.
SOME_UNKNOWN: Final = 0.1
# For 30 million characters, a baseline on their n-grams takes 5 GB of memory and a minute.
MOST_CHARACTERS: Final = 50_000_000


def choose_encoding(wanted: Wanted, reviews_folder: Path, *, vocab_size: int) -> EncodingChoice:
    """Choose the kind of encoding by the training texts and the unknown words of the validation split."""
    from tasks.encode.texts import describe_texts

    texts = describe_texts(reviews_folder, vocab_size=vocab_size)
    kind, reason = choose_kind(texts) if wanted == "auto" else (None if wanted == "own" else wanted, "it was asked for")
    on_characters = needs_characters(texts) and texts.num_characters <= MOST_CHARACTERS
    return EncodingChoice(wanted=wanted, kind=kind, reason=reason, on_characters=on_characters, texts=texts)


def choose_kind(texts: TextFacts) -> tuple[FittedKind | None, str]:
    """Choose a kind of encoding, None for each variant's own, and say why.

    On reviews and tweets in eight languages, Unicode words were better than subwords or about as good, except in Thai.
    """
    if texts.without_spaces >= MANY_WITHOUT_SPACES:
        is_alphabetic = any(script in ALPHABETS_WITHOUT_SPACES for script in texts.scripts)
        return "subwords" if is_alphabetic else "unicode-words", (
            f"{texts.without_spaces:.0%} of the letters are of scripts without spaces between words "
            f"({', '.join(texts.scripts)})"
        )
    if texts.unknown_words - texts.unknown_unicode_words >= MORE_UNKNOWN:
        return "unicode-words", (
            f"{texts.unknown_words:.0%} of the words of the validation split are unknown if text is split at ASCII "
            f"punctuation and spaces, and {texts.unknown_unicode_words:.0%} if it is split by Unicode's rules"
        )
    if texts.unknown_words >= MANY_UNKNOWN:
        return "unicode-words", (
            f"{texts.unknown_words:.0%} of the words of the validation split are unknown, so that punctuation and "
            "emoji tell more"
        )
    return None, (
        f"only {texts.unknown_words:.0%} of the words of the validation split are unknown if text is split at ASCII "
        "punctuation and spaces"
    )


def needs_characters(texts: TextFacts) -> bool:
    """Tell whether baselines on n-grams of characters are worth their time."""
    return choose_kind(texts)[0] is not None or texts.unknown_words >= SOME_UNKNOWN


def describe_choice(choice: EncodingChoice) -> str:
    """Say in a few sentences how the texts are encoded and why."""
    kinds = {None: "their own encodings", "unicode-words": "Unicode words"}
    instead = " instead of words" if choice.kind and choice.wanted == "auto" else ""
    on_characters = " Baselines on n-grams of characters take part." if choice.on_characters else ""
    if needs_characters(choice.texts) and not choice.on_characters:
        on_characters = (
            f" Baselines on n-grams of characters would suit them, but need a lot of memory for the "
            f"{choice.texts.num_characters:,} characters of the training texts; --baselines all includes them."
        )
    return f"Neural models read {kinds.get(choice.kind, choice.kind)}{instead}: {choice.reason}.{on_characters}"
