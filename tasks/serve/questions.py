"""From the body of a request to texts; what is wrong with it is said in one line."""

import json
from http import HTTPStatus
from typing import Any, Final

from starlette.exceptions import HTTPException

from tasks.errors import did_you_mean
from tasks.serve.facts import Question

FIELDS: Final = tuple(Question.model_fields)
EXPECTED: Final = 'expected {"text": "..."} or {"texts": ["...", "..."]}.'
KINDS: Final = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object"}


def read_texts(body: bytes, *, most: int) -> list[bytes | None]:
    """Read the texts of a request as UTF-8, None for a missing one; half a surrogate pair becomes bytes that are not.

    Raises HTTPException with status 422 for a body that is not a question, and 413 for more than `most` texts.
    """
    texts = find_texts(parse(body))
    if len(texts) > most:
        raise HTTPException(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"the request has {len(texts):,} texts; expected at most {most:,}. Send several requests, or "
            "start the server with a higher --max-texts.",
        )
    return [encode(text, place) for place, text in enumerate(texts)]


def parse(body: bytes) -> dict[str, Any]:
    """Parse a JSON object."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise refuse(f"the body is not JSON ({describe(error)}); {EXPECTED}") from error
    if not isinstance(content, dict):
        raise refuse(f"the body is {name_kind(content)}; {EXPECTED}")
    return content


def find_texts(content: dict[str, Any]) -> list[Any]:
    """Return the list of texts, of which the only one may stand for itself."""
    for name in content:
        if name not in FIELDS:
            raise refuse(f"the body has the field {name!r}; {EXPECTED}{did_you_mean(name, FIELDS)}")
    if len(content) != 1:
        raise refuse(f"the body has {'both fields' if content else 'no field'}; {EXPECTED}")
    if "text" in content:
        return [content["text"]]
    if not isinstance(content["texts"], list):
        raise refuse(f"texts is {name_kind(content['texts'])}; expected a list. A single text is sent as text.")
    return content["texts"]


def encode(text: object, place: int) -> bytes | None:
    """Encode one text."""
    if text is None:
        return None
    if not isinstance(text, str):
        raise refuse(f"text {place} is {name_kind(text)}; expected a string or null.")
    return text.encode(errors="surrogatepass")


def refuse(message: str) -> HTTPException:
    """Describe a body that cannot be used."""
    return HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, message)


def name_kind(value: object) -> str:
    """Name the type of a JSON value: name_kind(5) -> "a number"."""
    return KINDS.get(type(value), "null" if value is None else "a string")


def describe(error: Exception) -> str:
    """Describe what is wrong with JSON, without repeating any of it."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.pos}"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else "a number is too long"
