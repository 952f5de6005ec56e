"""Sizes such as 20GB: how much disk space may be taken."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator

PATTERN: Final = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)(MB|GB|TB)", re.IGNORECASE)
UNITS: Final = {"MB": 10**6, "GB": 10**9, "TB": 10**12}


def check_size(size: str) -> str:
    """Refuse text that is not a number with a unit."""
    if not PATTERN.fullmatch(size):
        raise ValueError(f"{size!r} is not a size; expected a number of MB, GB or TB such as 500MB, 20GB or 1.5TB.")
    return size


Size = Annotated[str, AfterValidator(check_size)]


def read_size(size: Size) -> int:
    """Convert a checked size to bytes: read_size("20GB") -> 20000000000."""
    return round(float(size[:-2]) * UNITS[size[-2:].upper()])
