"""Which character sets a file may have, by the evidence of lines that are invalid in the one that was tried."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

# In the order in which they are named when a text reads the same in several.
CHARSETS: Final = (
    *("cp1252", "cp1251", "gb18030", "shift_jis", "big5", "cp949", "euc_jp", "koi8_r", "cp1250", "cp1253", "cp1254"),
    *("cp1255", "cp1256", "cp1257", "cp874", "mac_roman", "cp866", "cp850"),
)
MOST_NAMED: Final = 6
SHOWN: Final = 20
# Character sets of seven bits: the first ones switch by an escape, HZ by braces.
SWITCHING: Final = ("iso2022_jp", "iso2022_kr", "iso2022_jp_2")
IN_BRACES: Final = re.compile(r"~\{(?:[\x21-\x77][\x21-\x7e])+~\}")
SAMPLE_LINES: Final = 1_000
SAMPLE_BYTES: Final = 2**16
# How unlike text a reading may be, as charset-normalizer measures it: from 0 to 1.
MOST_CHAOS: Final = 0.5


def describe_undecodable(place: str, charset: str, lines: Iterable[bytes]) -> str:
    """Say which place holds bytes that are invalid in the charset, and how the `lines` of the file read in others."""
    sample = b"".join(take_bytes(find_undecodable(lines, charset)))
    finding = f"{place} is not {charset.removesuffix('-sig')}: it holds bytes that cannot be decoded."
    if is_decodable(sample, "utf-8"):
        return f"{finding} Name the file's character set, which may be utf-8: --charset utf-8"
    readings = {show_text(sample, name): name for name in reversed(rank_charsets(sample))}
    if not readings:
        return f"{finding} Name the file's character set with --charset, if it is text, or save it as UTF-8."
    named = ", ".join(f"--charset {name} reads {text!r}" for text, name in reversed(readings.items()))
    return (
        f"{finding} Name the file's character set, that which makes sense: {named}. (latin-1 decodes any bytes, which "
        "proves nothing.)"
    )


def find_escaped(text: str) -> str | None:
    r"""Name the character set of text in which escapes of ASCII stand for other letters; None if there are none.

    find_escaped("\x1b$B$3$l\x1b(B") -> "iso2022_jp": such text is valid in every other character set.
    """
    kinds = SWITCHING if "\x1b$" in text else ("hz",) if IN_BRACES.search(text) else ()
    return next((name for name in kinds if is_decodable(text.encode("ascii", "replace"), name)), None)


def take_bytes(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Take the first lines."""
    num_bytes = 0
    for line in islice(lines, SAMPLE_LINES):
        yield line
        num_bytes += len(line)
        if num_bytes > SAMPLE_BYTES:
            break


def find_undecodable(lines: Iterable[bytes], charset: str) -> Iterator[bytes]:
    """Find the lines that are invalid in a character set; all lines if it does not keep the bytes of ASCII."""
    keeps_ascii = "a\n".encode(charset.removesuffix("-sig")) == b"a\n"
    for line in lines:
        if not keeps_ascii or not is_decodable(line, charset):
            yield line


def is_decodable(content: bytes, charset: str) -> bool:
    """Tell whether bytes are valid in a character set."""
    try:
        content.decode(charset)
    except UnicodeError:
        return False
    return True


def rank_charsets(sample: bytes) -> list[str]:
    """List character sets in which the bytes read like text, the likeliest first: at most MOST_NAMED.

    The order is that of charset-normalizer. Of several sets in which the bytes read the same, the first of CHARSETS is
    named. That of Western Windows is named whenever it can decode the bytes.
    """
    from charset_normalizer import from_bytes

    found = from_bytes(sample, cp_isolation=list(CHARSETS), threshold=MOST_CHAOS)
    groups = [sorted(set(match.could_be_from_charset) & set(CHARSETS), key=CHARSETS.index) for match in found]
    named = [group[0] for group in groups if group]
    western = [CHARSETS[0]] if is_decodable(sample, CHARSETS[0]) else []
    return list(dict.fromkeys([*named[: MOST_NAMED - 1], *western, *named]))[:MOST_NAMED]


def show_text(sample: bytes, charset: str) -> str:
    """Show some text from the first character on that is not ASCII."""
    text = " ".join(sample.decode(charset, errors="replace").split())
    start = next((place for place, letter in enumerate(text) if not letter.isascii()), 0)
    return text[max(0, start - SHOWN // 4) :][:SHOWN]
