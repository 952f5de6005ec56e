"""Compressed files: which endings are known, and how such a file is unpacked while it is read."""

import io
from pathlib import Path
from typing import Final, NamedTuple

import pyarrow as pa

BUFFER_BYTES: Final = 2**20


class Compression(NamedTuple):
    """One kind of compression: the ending of its files, pyarrow's name for it, and the bytes that its files begin with.

    To add a kind, add a row to COMPRESSIONS; the command line's help and the errors then list it.
    """

    ending: str
    codec: str
    signature: bytes


COMPRESSIONS: Final = (
    Compression(".gz", "gzip", b"\x1f\x8b"),
    Compression(".zst", "zstd", b"\x28\xb5\x2f\xfd"),
)


def find_compression(path: Path) -> Compression | None:
    """Tell by the ending how a file is compressed: the row of ".zst" for "a.csv.zst", None for "a.csv"."""
    return next((known for known in COMPRESSIONS if known.ending == path.suffix.lower()), None)


def strip_compression(name: str) -> str:
    """Drop a compression's ending: strip_compression("a.csv.gz") -> "a.csv"."""
    path = Path(name)
    return str(path.with_suffix("")) if find_compression(path) else name


def open_stream(path: Path) -> io.BufferedReader:
    """Open a file for reading; a compressed one is unpacked on the fly."""
    found = find_compression(path)
    return io.BufferedReader(pa.input_stream(str(path), compression=found.codec if found else None), BUFFER_BYTES)
