"""Single texts and lines of a stream."""

import io
import json
import math
from pathlib import Path
from typing import Any

import pytest

from tasks.evaluate.bundle import load_bundle
from tasks.predict.scoring import describe_additions
from tasks.predict.single import read_chunks, score_texts


def score(bundle: Path, *texts: bytes, explain: bool = False) -> list[dict[str, Any]]:
    loaded = load_bundle(bundle)
    additions = describe_additions(loaded.facts, prefix="", min_confidence=0.0, explain=explain)
    return [json.loads(line) for line in score_texts(texts, loaded, additions)]


def test_each_text_is_a_json_object(bundle: Path) -> None:
    good, bad = score(bundle, b"great fun", "so dull, naïve".encode())
    assert (good["text"], good["predicted_label"], good["num_tokens"]) == ("great fun", "good", 2)
    assert (bad["text"], bad["predicted_label"]) == ("so dull, naïve", "bad")


@pytest.mark.parametrize(("text", "reason"), [(b"", "blank text"), (b" ", "blank text"), (b"\xff", "not text")])
def test_bad_text_has_a_reason(text: bytes, reason: str, bundle: Path) -> None:
    bad, good = score(bundle, text, b"great")
    assert (bad["reason"], bad["predicted_label"], bad["p_good"]) == (reason, None, None)
    assert good["reason"] is None


def test_stream_is_cut_into_lines() -> None:
    assert list(read_chunks(io.BytesIO(b"a\r\n\nb"))) == [[b"a", b""], [b"b"]]
    assert list(read_chunks(io.BytesIO(b""))) == []


def test_lines_come_as_they_are_written() -> None:
    class Slow(io.BytesIO):
        def read1(self, _size: int | None = -1, /) -> bytes:
            return super().read(3)

    assert list(read_chunks(Slow(b"ab\ncd\n"))) == [[b"ab"], [b"cd"]]


def test_answer_is_explained_by_the_words_it_depends_on(bundle: Path) -> None:
    good, blank, bad = score(bundle, b"a Great film", b" ", b"so dull", explain=True)
    assert (good["predicted_label"], bad["predicted_label"]) == ("good", "bad")
    assert (good["explanation"][0]["word"], bad["explanation"][0]["word"]) == ("Great", "dull")
    assert good["explanation"][0]["weight"] > 0.1
    assert blank["explanation"] is None
    assert "explanation" not in score(bundle, b"great")[0]


@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # Keras saves with NumPy 1's protocol
@pytest.mark.parametrize("kind", ["bundle", "network"])
def test_weights_are_what_the_log_odds_lose_without_each_word(kind: str, request: pytest.FixtureRequest) -> None:
    texts = (b"a great film", b"a film", b"great film", b"a great")
    whole, *without = score(request.getfixturevalue(kind), *texts, explain=True)
    answer, other = ("p_good", "p_bad") if whole["predicted_label"] == "good" else ("p_bad", "p_good")
    odds = [math.log(row[answer] / row[other]) for row in (whole, *without)]
    weights = {word["word"]: word["weight"] for word in whole["explanation"]}
    for word, found in zip(("great", "a", "film"), odds[1:], strict=True):
        assert weights.get(word, 0) == pytest.approx(odds[0] - found, abs=0.01)
