"""Single texts and lines of a stream."""

import io
import json
from pathlib import Path

import pytest

from tasks.evaluate.bundle import load_bundle
from tasks.predict.scoring import describe_additions
from tasks.predict.single import read_chunks, score_texts


def score(bundle: Path, *texts: bytes) -> list[dict[str, object]]:
    loaded = load_bundle(bundle)
    additions = describe_additions(loaded.facts, prefix="", min_confidence=0.0)
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
