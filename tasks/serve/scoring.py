"""Score the texts of several requests at once, each request as a whole, and write an answer for each."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from tasks.formatting.control import escape_control_in_json
from tasks.predict.single import score_batch
from tasks.predict.writers import encode_object
from tasks.serve.following import Loaded

Texts = Sequence[bytes | None]


@dataclass(frozen=True)
class Scored:
    """The answers to requests, as JSON, and all rows that they are made of."""

    answers: list[bytes]
    rows: list[dict[str, Any]]


def score_requests(requests: Sequence[Texts], loaded: Loaded) -> Scored:
    """Score the texts of requests in one batch; raises UserError when the model cannot be used."""
    rows = score_batch(list(chain.from_iterable(requests)), loaded.bundle, loaded.additions).to_pylist()
    written = iter([escape_control_in_json(encode_object(row)) for row in rows])
    head = encode_object({"model_id": loaded.bundle.model_id, "bundle": loaded.name})[:-1]
    answers = [f'{head}, "predictions": [{", ".join(next(written) for _ in texts)}]}}\n' for texts in requests]
    return Scored([answer.encode() for answer in answers], rows)
