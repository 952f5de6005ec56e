"""Ages such as 30d: how long something must not have been used."""

import re
from datetime import timedelta
from typing import Annotated, Final

from pydantic import AfterValidator

PATTERN: Final = re.compile(r"(\d{1,6})([dhm])")
UNITS: Final = {"d": "days", "h": "hours", "m": "minutes"}


def check_age(age: str) -> str:
    """Refuse text that is not a number with a unit."""
    if not PATTERN.fullmatch(age):
        raise ValueError(f"{age!r} is not an age; expected a number of days, hours or minutes such as 30d, 12h or 90m.")
    return age


Age = Annotated[str, AfterValidator(check_age)]


def read_age(age: Age) -> timedelta:
    """Convert a checked age: read_age("30d") -> timedelta(days=30)."""
    return timedelta(**{UNITS[age[-1]]: int(age[:-1])})
