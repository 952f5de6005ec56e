"""Words are counted as people count them, in any language."""

import pyarrow as pa
import pytest

from tasks.ingest.word_counts import count_words


@pytest.mark.parametrize(
    ("text", "num_words"),
    [
        ("It is  bad", 3),
        (" one\ttwo\u00a0three\u3000four ", 4),
        ("", 0),
        (" \n", 0),
        ("don't stop-gap, really", 3),
        ("\u623f\u95f4\u5f88\u597d", 4),
        ("wifi\u5f88\u597d ok", 4),
        ("\u3053\u306e\u30db\u30c6\u30eb", 3),
        ("\u0e14\u0e35\u0e21\u0e32\u0e01", 4),
        ("\ud55c\uad6d\uc5b4 \uc601\ud654", 2),
    ],
    ids=ascii,
)
def test_words_are_between_spaces_or_letters_of_scripts_without_them(text: str, num_words: int) -> None:
    # Beside other texts, and alone.
    assert count_words(pa.array(["a b", text, "\u597d", ""])).tolist() == [2, num_words, 1, 0]
    assert count_words(pa.array([text])).tolist() == [num_words]
