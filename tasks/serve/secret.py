"""The token that callers must have, which is in the environment and nowhere else."""

import os
from typing import Final

from tasks.errors import UserError

VARIABLE: Final = "BAKEOFF_TOKEN"
LEAST_LENGTH: Final = 16
REMEDY: Final = f"Make one: export {VARIABLE}=$(openssl rand -hex 20)."


def read_token() -> str | None:
    """Read the token from the environment; raises UserError for one that could be guessed or cannot be sent."""
    token = os.environ.get(VARIABLE)
    if not token:
        return None
    if len(token) < LEAST_LENGTH or not token.isascii() or not token.isprintable() or " " in token:
        raise UserError(
            f"the token in {VARIABLE} is too short or has characters that a header cannot; expected at least "
            f"{LEAST_LENGTH} letters and digits. {REMEDY}"
        )
    return token
