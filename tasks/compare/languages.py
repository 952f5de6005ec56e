r"""Negation in the languages in which it can be recognised by single words: add a row to add a language.

RE2 knows word boundaries of ASCII only, so a word of another script is one between characters that are no letters.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

# So many texts of a batch tell its language.
MOST_OF_BATCH: Final = 1_000
# Even of short texts, more than this share has one of the commonest words of its language.
SMALLEST_SHARE: Final = 0.2


class Language(NamedTuple):
    """Regular expressions, in RE2's syntax, for the commonest words of a language and for its negations."""

    name: str
    common: str
    negation: str


def match_words(words: str) -> str:
    """Write a pattern for whole words, separated by spaces; `*` stands for any ending: match_words("kein* nicht")."""
    alternatives = "|".join(words.replace("*", r"[\pL\pM]*").split())
    return rf"(?:^|[^\pL\pM])(?:{alternatives})(?:$|[^\pL\pM])"


ENGLISH_NEGATION: Final = (
    r"\b(?:no|not|never|none|nobody|nothing|nowhere|neither|nor|cannot|without|hardly|barely|scarcely)\b"
    r"|n['`\x{2019}\x{b4}]t\b"
    r"|\b(?:ai|are|ca|could|did|do|does|had|has|have|is|should|was|were|would)nt\b"
)
LANGUAGES: Final = (
    Language("English", match_words("the and of to is it this that was for with you"), ENGLISH_NEGATION),
    Language(
        "German",
        match_words("der die das und ist ich nicht ein eine zu mit den auch"),
        match_words("nicht nichts kein* nie niemals niemand* nirgends weder ohne kaum"),
    ),
    Language(
        "French",
        match_words("le les et est une je pas des du que pour dans"),
        rf"{match_words('ne pas jamais rien aucun* sans ni')}|(?:^|[^\pL])n['\x{{2019}}]\pL",
    ),
    Language(
        "Spanish",
        match_words("el los las y es que de en una con por para"),
        match_words("no nunca jamás nada nadie ningún ningun* sin tampoco ni"),
    ),
    Language(
        "Italian",
        match_words("il che di non è un una per con sono del della"),
        match_words("non mai niente nulla nessun* senza né neanche nemmeno neppure"),
    ),
    Language(
        "Portuguese",
        match_words("o os que de não é um uma com para do da"),
        match_words("não nunca jamais nada ninguém nenhum* sem nem tampouco"),
    ),
    Language(
        "Dutch",
        match_words("de het een en ik van niet dat op met voor"),
        match_words("niet geen nooit niets niemand nergens zonder nauwelijks"),
    ),
    Language(
        "Russian",
        match_words("и в не на что я с это как а но по"),
        match_words("не нет ни никогда ничего никто нельзя без"),
    ),
    Language(
        "Chinese",
        "[的了是在我很]",
        "[不没沒无無未]",
    ),
    Language(
        "Japanese",
        "の|は|が|を|です|ます",
        "ない|なく|なかっ|ません|無[いく]",
    ),
    Language(
        "Thai",
        "ที่|และ|เป็น|มี|ได้",
        "ไม่|ไร้",
    ),
    Language(
        "Hindi",
        match_words("है हैं के की का में और से"),
        match_words("नहीं नही मत न ना बिना"),
    ),
    Language(
        "Arabic",
        match_words("في من على ما الله يا عن"),
        match_words("لا ولا لم ولم لن ليس* غير بدون دون"),
    ),
    Language(
        "Hebrew",
        match_words("של את זה על אני הוא כל"),
        match_words("לא אין בלי ללא אף מעולם"),
    ),
)


def find_language(batches: Iterable[pa.Array]) -> Language | None:
    """Find the language whose commonest words occur most often; None if few texts have one of any language."""
    texts = pa.chunked_array([sample_evenly(batch) for batch in batches], pa.string())
    counts = [pc.sum(pc.count_substring_regex(texts, row.common, ignore_case=True)).as_py() or 0 for row in LANGUAGES]
    best = LANGUAGES[int(np.argmax(counts))]
    return best if find_pattern(texts, best.common).sum() > SMALLEST_SHARE * len(texts) else None


def sample_evenly(texts: pa.Array) -> pa.Array:
    """Take at most MOST_OF_BATCH texts, evenly spaced."""
    return texts.take(pa.array(np.arange(0, len(texts), 1 + len(texts) // MOST_OF_BATCH)))


def has_negation(texts: pa.Array | pa.ChunkedArray | Sequence[str], language: Language) -> NDArray[np.bool_]:
    """Tell whether each text has a negation: has_negation(["Don't!", "A notable film"], LANGUAGES[0]) -> [True, False].

    A missing text has none.
    """
    if not isinstance(texts, pa.Array | pa.ChunkedArray):
        texts = pa.array(texts, pa.string())
    return find_pattern(texts, language.negation)


def find_pattern(texts: pa.Array | pa.ChunkedArray, pattern: str) -> NDArray[np.bool_]:
    """Tell which texts match a pattern, in any case."""
    return np.asarray(pc.match_substring_regex(texts, pattern, ignore_case=True).fill_null(False), dtype=np.bool_)
