"""Subwords of the unigram model know every text, and come out the same each time."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tokenizers import Tokenizer, pre_tokenizers

from tasks.cli.checks import check_run
from tasks.encode import unigram
from tasks.encode.encodings import Encoding
from tasks.encode.output import plan_encoding
from tasks.encode.sequences import encode_texts
from tasks.encode.subwords import encode_subwords
from tasks.encode.unigram import fit_unigram
from tasks.encode.words import OOV, OOV_ID, PAD
from tasks.errors import UserError
from tasks.settings.run import RunConfig

REVIEWS = [
    "This film was good, really GOOD: it's the best film of the year!",
    "A dull film. Dull, dull, dull... I didn't like the film (at all).",
    "The best of times, the worst of times; the film of the times.",
    "Caf\u00e9 society was a good film, the best caf\u00e9 film.",
]


def make_encoding(vocab_size: int = 320) -> Encoding:
    return Encoding(name="tiny", kind="unigram", vocab_size=vocab_size, length=9, padding="pre", description="")


def fit(texts: Sequence[str] = REVIEWS, *, vocab_size: int = 320) -> Tokenizer:
    return fit_unigram([pa.array(texts, pa.string())], make_encoding(vocab_size))


def generate_rich_texts() -> list[str]:
    """Words that share stems and endings, enough for 600 pieces."""
    rng = np.random.default_rng(0)
    stems, endings = (["".join(rng.choice(list("abcdefghijklm"), n)) for _ in range(400)] for n in (5, 2))
    return [" ".join(f"{rng.choice(stems)}{rng.choice(endings)}" for _ in range(50)) for _ in range(100)]


def test_vocabulary_has_exactly_its_size_where_the_texts_allow() -> None:
    texts = [*generate_rich_texts(), "".join(chr(code) for code in range(0x21, 0x2000, 7))]
    vocabulary = fit(texts, vocab_size=600).get_vocab()
    assert sorted(vocabulary.values()) == list(range(600))
    assert set(pre_tokenizers.ByteLevel.alphabet()) < set(vocabulary)


@pytest.mark.parametrize("texts", [["a film"], [""], []])
def test_few_texts_leave_the_bytes(texts: list[str]) -> None:
    vocabulary = fit(texts).get_vocab()
    assert (vocabulary[PAD], vocabulary[OOV]) == (0, OOV_ID)
    assert 258 <= len(vocabulary) <= 270


def test_same_texts_give_the_same_vocabulary_in_any_batches() -> None:
    texts = generate_rich_texts()
    batches = [pa.array([text]) for text in texts]
    assert fit_unigram(batches, make_encoding(600)).to_str() == fit(texts, vocab_size=600).to_str()


def test_frequent_word_is_a_few_pieces_and_a_strange_one_its_letters() -> None:
    texts = generate_rich_texts()
    word = max(words := [word for text in texts for word in text.split()], key=words.count)
    tokenizer = fit(texts, vocab_size=600)
    assert len(tokenizer.encode(word).ids) <= 3 < len(tokenizer.encode("zebra").ids)


@pytest.mark.parametrize(
    "text", ["qqq xylophone", "\U0001f44d\U0001f3fd", "\u96fb\u5f71", "\0 \x7f", "<PAD> <OOV>", "\ufffd"]
)
def test_every_text_is_spelled_in_known_tokens(text: str) -> None:
    tokenizer = fit()
    ids, num_tokens = encode_subwords(pa.array([text]), tokenizer)
    assert num_tokens[0] > 0
    assert ids.min() > OOV_ID
    assert tokenizer.decode(ids.tolist()).strip() == text.lower().strip()


def test_characters_that_the_training_texts_lack_count_as_unknown_in_scoring() -> None:
    found = encode_texts(pa.array(["film \u96fb"]), fit(), make_encoding())
    assert found["num_unknown"].tolist() == [3]


def test_missing_library_is_told_before_a_run(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setattr(unigram, "PACKAGE", "no_such_package")
    with pytest.raises(UserError, match=r'unigram needs the package no_such_package; .*pip install -e "\.\[unigram\]"'):
        check_run(RunConfig(dataset="sample", encoding="unigram", data_dir=tmp_path, artifacts_dir=tmp_path))


def test_version_of_sentencepiece_counts_where_it_is_used(tmp_path: Path) -> None:
    reviews: Any = SimpleNamespace(files={}, folder="reviews")
    kinds: list[tuple[Any, bool]] = [("unigram", True), ("subwords", False)]
    for kind, counts in kinds:
        output, _ = plan_encoding(reviews, replace(make_encoding(), kind=kind), data_dir=tmp_path)
        assert ("sentencepiece" in output.decided_by["libraries"]) == counts
