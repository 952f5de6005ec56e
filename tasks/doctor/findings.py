"""What the doctor finds, and the table of its checks."""

from dataclasses import dataclass

from tasks.errors import UserError


@dataclass(frozen=True)
class Finding:
    """What one check says; `is_fine` is False if somebody should act on it."""

    name: str
    message: str
    is_fine: bool = True


def look(name: str, message: str) -> Finding:
    """Make a finding that somebody should act on."""
    return Finding(name, message, is_fine=False)


def from_error(name: str, error: UserError) -> Finding:
    """Make a finding of an error that explains itself."""
    return look(name, str(error))
