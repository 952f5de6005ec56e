"""The table holds the promised encodings under names that Prefect accepts in keys."""

import json
import re
from dataclasses import replace

import pytest

from tasks.encode.encodings import ENCODINGS, Encoding


@pytest.mark.parametrize(
    ("name", "kind", "vocab_size", "length"),
    [
        ("words-10k-120", "words", 10_000, 120),
        ("words-1k-120", "words", 1_000, 120),
        ("subwords-8k-120", "subwords", 8_192, 120),
        ("words-20k-400", "words", 20_000, 400),
        ("unicode-words-10k-120", "unicode-words", 10_000, 120),
        ("characters-4k-480", "characters", 4_000, 480),
    ],
)
def test_table_holds_the_encoding(name: str, kind: str, vocab_size: int, length: int) -> None:
    encoding = ENCODINGS[name]

    assert (encoding.kind, encoding.vocab_size, encoding.length) == (kind, vocab_size, length)


@pytest.mark.parametrize("name", ENCODINGS)
def test_name_is_a_key_that_prefect_accepts(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9-]+", name)


@pytest.mark.parametrize("name", ENCODINGS)
def test_key_is_the_name_of_its_row(name: str) -> None:
    assert ENCODINGS[name].name == name


@pytest.mark.parametrize("encoding", ENCODINGS.values(), ids=lambda encoding: encoding.name)
def test_settings_are_plain_json(encoding: Encoding) -> None:
    assert json.loads(json.dumps(encoding.settings())) == encoding.settings()


@pytest.mark.parametrize(
    "change",
    [{"kind": "subwords"}, {"vocab_size": 9}, {"length": 9}, {"padding": "post"}],
    ids=lambda change: next(iter(change)),
)
def test_settings_follow_what_decides_the_tokens(change: dict[str, object]) -> None:
    encoding = ENCODINGS["words-10k-120"]

    assert replace(encoding, **change).settings() != encoding.settings()


def test_settings_leave_out_what_only_people_read() -> None:
    encoding = ENCODINGS["words-10k-120"]

    assert replace(encoding, name="other", description="other").settings() == encoding.settings()


def test_no_two_rows_have_the_same_settings() -> None:
    settings = [encoding.settings() for encoding in ENCODINGS.values()]

    assert all(row not in settings[:index] for index, row in enumerate(settings))
