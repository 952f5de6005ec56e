"""Score single texts and lines of a stream as JSON lines."""

from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from tasks.evaluate.bundle import Bundle
from tasks.formatting.control import escape_control_in_json
from tasks.ingest.files.rows import Rows
from tasks.predict.reading import Taken, take_column
from tasks.predict.scoring import Additions, clean_rows, score_rows
from tasks.predict.writers import encode_object

CHUNK_BYTES = 2**20


def score_batch(texts: Sequence[bytes | None], bundle: Bundle, additions: Additions) -> pa.RecordBatch:
    """Score texts in UTF-8; returns the added columns, with a reason instead of a score where there is no text."""
    columns = pa.RecordBatch.from_arrays([pa.array(texts, pa.binary())], names=["text"])
    rows = Rows(columns, np.arange(1, len(texts) + 1), "line")
    strings, not_text = take_column(rows, "text")
    return score_rows(clean_rows(Taken(rows, strings, not_text, None), bundle), bundle, additions)


def score_texts(texts: Sequence[bytes], bundle: Bundle, additions: Additions) -> Iterator[str]:
    """Score texts in UTF-8; yields a JSON object for each, in order, even for bytes that are not text."""
    added = score_batch(texts, bundle, additions)
    for text, score in zip(texts, added.to_pylist(), strict=True):
        yield escape_control_in_json(encode_object({"text": text, **score}))


def read_chunks(stream: BinaryIO) -> Iterator[list[bytes]]:
    """Yield the lines of a stream as they arrive, so that no line waits for the next one."""
    rest = b""
    while chunk := stream.read1(CHUNK_BYTES):  # type: ignore[attr-defined]  # standard input is buffered
        *lines, rest = (rest + chunk).split(b"\n")
        if lines:
            yield [line.removesuffix(b"\r") for line in lines]
    if rest:
        yield [rest]


def score_stream(chunks: Iterable[Sequence[bytes]], bundle: Bundle, additions: Additions) -> Iterator[list[str]]:
    """Score chunks of lines as they arrive."""
    for lines in chunks:
        yield list(score_texts(lines, bundle, additions))
