"""Padding gets the id 0 and an unknown token 1, and everything that an encoder reads stays the same."""

from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from tasks.encoders.tokenizer import renumber
from tests.tiny_encoder import SPECIAL, make_tokenizer

TEXTS = ["the acting was good", "unheard film", "", "[MASK] and [PAD]"]


def make_bytes() -> Tokenizer:
    """A tokenizer of RoBERTa's kind, whose model knows no unknown token."""
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: index for index, token in enumerate([*special, *letters, "th", "the"])}
    tokenizer = Tokenizer(models.BPE(vocabulary, [("t", "h"), ("th", "e")]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.add_special_tokens(special)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    return tokenizer


def make_unigram() -> Tokenizer:
    """A tokenizer of XLM-RoBERTa's kind."""
    pieces = [
        ("<s>", 0.0),
        ("<pad>", 0.0),
        ("</s>", 0.0),
        ("<unk>", 0.0),
        *((letter, -2.0) for letter in "thegood film"),
    ]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=3))
    tokenizer.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return tokenizer


@pytest.mark.parametrize(
    ("tokenizer", "pad_id", "pad", "unknown"),
    [
        (make_tokenizer(), 0, "[PAD]", "[UNK]"),
        (make_bytes(), 1, "<pad>", "<unk>"),
        (make_unigram(), 1, "<pad>", "<unk>"),
    ],
    ids=["bert", "roberta", "xlm-roberta"],
)
def test_tokens_stay_the_same_under_other_ids(
    tokenizer: Tokenizer, pad_id: int, pad: str, unknown: str, tmp_path: Path
) -> None:
    path = tmp_path / "tokenizer.json"
    tokenizer.no_padding()
    tokenizer.save(str(path))
    found, old_ids = renumber(path, pad_id=pad_id, name="tiny")
    assert (found.id_to_token(0), found.id_to_token(1)) == (pad, unknown)
    assert sorted(old_ids) == list(range(tokenizer.get_vocab_size()))
    for text in TEXTS:
        own, expected = found.encode(text), tokenizer.encode(text)
        assert own.tokens == expected.tokens
        assert [old_ids[index] for index in own.ids] == expected.ids
        assert own.special_tokens_mask == expected.special_tokens_mask
    # What is saved is the same.
    found.save(str(path))
    assert Tokenizer.from_file(str(path)).encode(TEXTS[0]).ids == found.encode(TEXTS[0]).ids


def test_tokenizer_of_bytes_without_an_unknown_token_never_gives_it(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    tokenizer = Tokenizer(models.BPE({"<s>": 0, "<pad>": 1, "a": 2, "b": 3}, []))
    tokenizer.add_special_tokens(["<s>", "<pad>"])
    tokenizer.save(str(path))
    found, _ = renumber(path, pad_id=1, name="tiny")
    assert found.id_to_token(1) == "<s>"
    assert 1 not in found.encode("abba").ids


def test_unknown_token_counts_as_such() -> None:
    assert SPECIAL["[UNK]"] != 1
