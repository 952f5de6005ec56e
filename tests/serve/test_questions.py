"""A body is a list of texts, or what is wrong with it is one line."""

import pytest
from starlette.exceptions import HTTPException

from tasks.serve.questions import read_texts


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        (b'{"text": "a film"}', [b"a film"]),
        (b'{"texts": ["a", null, ""]}', [b"a", None, b""]),
        (b'{"texts": []}', []),
        (b'{"text": null}', [None]),
        ('{"text": "naïve 映画"}'.encode(), ["naïve 映画".encode()]),
        ('{"text": "naïve"}'.encode("utf-16"), ["naïve".encode()]),
        (b'\xef\xbb\xbf{"text": "a"}', [b"a"]),
    ],
)
def test_texts_are_found(body: bytes, texts: list[bytes | None]) -> None:
    assert read_texts(body, most=3) == texts


def test_half_a_surrogate_pair_is_kept_as_bytes_that_are_not_text() -> None:
    (text,) = read_texts(rb'{"text": "half \ud800"}', most=1)
    assert text is not None
    with pytest.raises(UnicodeDecodeError):
        text.decode()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", r"the body is not JSON \(Expecting value at character 0\); expected"),
        (b'{"text": "secret', r"not JSON \(Unterminated string starting at at character 9\)"),
        (b'{"text": "\xff"}', r"not JSON \(it is not UTF-8\)"),
        (b"[" * 100_000, r"not JSON \(it is nested too deeply\)"),
        (b'{"text": ' + b"9" * 5_000 + b"}", r"not JSON \(a number is too long\)"),
        (b'["a"]', "the body is a list; expected"),
        (b'"a"', "the body is a string; expected"),
        (b"null", "the body is null; expected"),
        (b"{}", "the body has no field; expected"),
        (b'{"text": "a", "texts": []}', "the body has both fields; expected"),
        (b'{"txt": "a"}', "the body has the field 'txt'; expected .* Did you mean 'text'?"),
        (b'{"texts": "a"}', "texts is a string; expected a list. A single text is sent as text."),
        (b'{"texts": null}', "texts is null; expected a list"),
        (b'{"texts": ["a", 5]}', "text 1 is a number; expected a string or null"),
        (b'{"texts": [true]}', "text 0 is true or false; expected a string or null"),
        (b'{"text": {"a": 1}}', "text 0 is an object; expected a string or null"),
    ],
)
def test_other_bodies_are_refused_in_one_line(body: bytes, message: str) -> None:
    with pytest.raises(HTTPException, match=message) as raised:
        read_texts(body, most=3)
    assert raised.value.status_code == 422
    assert "\n" not in raised.value.detail
    assert "secret" not in raised.value.detail


def test_more_texts_than_allowed_are_refused() -> None:
    with pytest.raises(HTTPException, match="the request has 4 texts; expected at most 3") as raised:
        read_texts(b'{"texts": ["a", "b", "c", "d"]}', most=3)
    assert raised.value.status_code == 413
