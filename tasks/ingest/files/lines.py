"""Text files as numbered lines, decompressed and decoded on the fly, in memory bounded by the longest line."""

import codecs
import contextlib
import io
import shlex
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from tasks.errors import UserError
from tasks.formatting.commands import spell_argument, spell_path
from tasks.ingest.files.charsets import describe_undecodable, find_escaped
from tasks.ingest.files.compression import COMPRESSIONS, DAMAGE, open_stream

# Longer than any single text should be; a file without line endings reaches it.
LONGEST_LINE: Final = 2**26
SHOWN: Final = 40
HEAD_BYTES: Final = 512
MARKED_BYTES: Final = 64
BLOCK_CHARACTERS: Final = 2**16
# How far to look beyond a line with another charset for more evidence of it.
MORE_LINES: Final = 1_000
UTF_8: Final = "utf-8-sig"
# UTF-32 comes first, because its mark begins with that of UTF-16.
MARKS: Final = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
RENAME: Final = "Rename it: its name should end in {}"
RENAME_PACKED: Final = "Rename it: its name should end in {0} after the ending of what it holds, such as .csv{0}"
UNPACK: Final = "Unpack it: 7z x {}"
# What a file is that begins with some bytes, and what to do about it; {} is its path.
SIGNATURES: Final = {
    **{known.signature: (f"{known.name}-compressed", RENAME_PACKED.format(known.ending)) for known in COMPRESSIONS},
    b"PK\x03\x04": ("a zip archive or a workbook", RENAME.format(".zip, .xlsx or .ods")),
    b"PAR1": ("Parquet", RENAME.format(".parquet")),
    b"ARROW1": ("Arrow", RENAME.format(".arrow")),
    b"ORC": ("ORC", RENAME.format(".orc")),
    b"SQLite format 3": ("an SQLite database", RENAME.format(".sqlite")),
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook", RENAME.format(".xls")),
    b"%PDF": ("a PDF document", "Save its texts as a table, such as .csv."),
    b"7z\xbc\xaf": ("a 7z archive", UNPACK),
    b"Rar!": ("a RAR archive", UNPACK),
}
# A tar archive has these bytes in its first header.
TAR: Final = (257, b"ustar")
# So does a database of DuckDB.
DUCKDB: Final = (8, b"DUCK")


def read_lines(path: Path, *, charset: str, newline: str = "\n") -> Iterator[str]:
    r"""Yield each line with its ending; with newline="", a lone "\r" ends a line as well.

    A byte-order mark is dropped; it decides the charset, whatever `charset` says. Raises UserError, with the line's
    number, for bytes that are invalid in the charset, a line over LONGEST_LINE characters, and a file that is damaged
    or of another kind.
    """
    for number, line in enumerate(read_pieces(path, charset=charset, newline=newline), start=1):
        if len(line) >= LONGEST_LINE:
            raise UserError(
                f"{path.name} line {number:,} is longer than {LONGEST_LINE:,} characters; expected one text per line. "
                "Divide the line, or remove it."
            )
        yield line


def read_blocks(path: Path, *, charset: str) -> Iterator[str]:
    """Yield the text in blocks of at most BLOCK_CHARACTERS. Raises UserError as `read_lines` does."""
    return read_pieces(path, charset=charset, newline="\n", size=BLOCK_CHARACTERS)


def read_pieces(path: Path, *, charset: str, newline: str, size: int | None = None) -> Iterator[str]:
    """Yield the text in lines, cut after LONGEST_LINE characters, or in blocks of `size` characters."""
    number, codec = 0, charset
    try:
        with open_stream(path) as stream:
            head = stream.peek(HEAD_BYTES)[:HEAD_BYTES]
            check_signature(head, path)
            codec = name_codec(charset, head)
            check_zeros(head, path, codec)
            # Undecodable bytes become surrogates, which valid text never contains, so the line with them can be named.
            with io.TextIOWrapper(stream, codec, errors="surrogateescape", newline=newline) as text:
                while piece := text.read(size) if size else text.readline(LONGEST_LINE):
                    check_decoded(piece, path, number, codec)
                    number += piece.count("\n") if size else 1
                    yield piece
    except UnicodeError as error:
        raise UserError(complain_of_charset(path, number + 1, codec)) from error
    except DAMAGE as error:
        raise UserError(describe_damage(path, f"beyond line {number:,}", error)) from error


def name_codec(charset: str, head: bytes = b"") -> str:
    """Name the codec of a file that begins with `head`: that of its byte-order mark, otherwise that of the charset.

    The codec of UTF-8 accepts a byte-order mark: name_codec("UTF8") -> "utf-8-sig".
    """
    marked = next((codec for mark, codec in MARKS.items() if head.startswith(mark)), None)
    return marked or (UTF_8 if charset.lower().replace("_", "-") in {"utf-8", "utf8"} else charset)


def is_charset(name: str) -> bool:
    """Tell whether Python can decode text by this name: is_charset("latin-1") -> True."""
    try:
        io.TextIOWrapper(io.BytesIO(), name).close()
    except (LookupError, ValueError):
        return False
    return True


def check_signature(head: bytes, path: Path) -> None:
    """Raise UserError when the first bytes are those of another kind of file."""
    packed = next((known for known in COMPRESSIONS if known.unpack and head.startswith(known.signature)), None)
    if packed:
        with contextlib.suppress(*DAMAGE), packed.open(path) as content:
            check_tar(content.read(HEAD_BYTES), path)
    for signature, (kind, remedy) in SIGNATURES.items():
        if head.startswith(signature):
            command = remedy.format(spell_argument(path))
            raise UserError(f"{path.name!r} is not text but {kind}; expected text. {command}")
    check_tar(head, path)


def check_tar(head: bytes, path: Path) -> None:
    """Raise UserError when a file, or what is packed in it, begins as a tar archive."""
    place, mark = TAR
    if head[place:].startswith(mark):
        raise UserError(
            f"{path.name!r} is a tar archive; expected a file of text. Unpack it: tar -xf {spell_argument(path)}"
        )


def check_kind(path: Path) -> None:
    """Raise UserError when a file whose name does not tell its kind is of one that is not text, or is damaged."""
    try:
        with open_stream(path) as stream:
            head = stream.peek(HEAD_BYTES)[:HEAD_BYTES]
    except DAMAGE as error:
        raise UserError(describe_damage(path, "at all", error)) from error
    check_signature(head, path)
    place, mark = DUCKDB
    if head[place:].startswith(mark):
        raise UserError(
            f"{path.name!r} is a DuckDB database; expected one that is named by a URL. Name it so: "
            f"{shlex.quote(f'duckdb:///{spell_path(path)}')}"
        )
    # In UTF-16, every other byte may be zero.
    halves = [head[start::2].count(0) for start in (0, 1)]
    if name_codec("utf-8", head) == UTF_8 and max(halves) and (min(halves) or 4 * max(halves) < len(head)):
        raise UserError(
            f"{path.name!r} holds bytes that no text has, and its ending names no kind that is read; expected text. "
            "Save its texts as a table, such as .csv."
        )


def check_zeros(head: bytes, path: Path, codec: str) -> None:
    """Raise UserError when every other byte of the beginning is zero, as in UTF-16 without a byte-order mark."""
    for start, name in enumerate(("utf-16-be", "utf-16-le")):
        zeros, others = head[start:MARKED_BYTES:2], head[1 - start : MARKED_BYTES : 2]
        if codec == UTF_8 and len(head) > 1 and 2 * zeros.count(0) > len(zeros) and 0 not in others:
            raise UserError(
                f"{path.name!r} looks like UTF-16 without a byte-order mark; expected UTF-8. Add --charset {name}"
            )


def check_decoded(piece: str, path: Path, num_lines: int, charset: str) -> None:
    """Raise UserError for a piece that could not be decoded, or not rightly; it comes after `num_lines` lines."""
    if not piece.isascii():
        try:
            piece.encode()
        except UnicodeEncodeError as error:
            number = num_lines + 1 + piece.count("\n", 0, error.start)
            raise UserError(complain_of_charset(path, number, charset)) from error
    elif charset == UTF_8 and ("\x1b$" in piece or "~{" in piece) and (name := find_escaped(piece)):
        start = min(place for place in map(piece.find, ("\x1b$", "~{")) if place >= 0)
        raise UserError(
            f"{path.name} line {num_lines + 1 + piece.count(chr(10), 0, start):,} looks like {name}, in which signs of "
            f"ASCII stand for other letters; expected UTF-8. Add --charset {name}"
        )


def complain_of_charset(path: Path, number: int, charset: str) -> str:
    """Say that a line is invalid in the charset, and in which ones it and others make sense."""
    with open_stream(path) as stream:
        lines = islice(stream, number + MORE_LINES)
        return describe_undecodable(f"{path.name} line {number:,}", charset, lines)


def describe_damage(path: Path, where: str, error: BaseException) -> str:
    """Say where the file could not be read any further, and why."""
    reason = " ".join(str(error).split()) or type(error).__name__
    reason = reason.removesuffix(".")
    if isinstance(error, PermissionError):
        return f"{path.name} cannot be read {where}: {reason}; expected a readable file. Change its permissions."
    return f"{path.name} cannot be read {where}: {reason}; expected a whole file. Copy or download it again."


def shorten(text: str) -> str:
    """Show the beginning of a line."""
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
