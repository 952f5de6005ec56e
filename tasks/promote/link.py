"""The link to the champion: which copy of a bundle is in use."""

import os
from pathlib import Path
from typing import Final

from tasks.errors import UserError
from tasks.evaluate.bundle import CURRENT
from tasks.store.durable import flush

BUNDLES: Final = "bundles"


def find_champion(folder: Path) -> Path | None:
    """Return the folder of the current bundle, which may be damaged; None when there is no champion yet.

    Raises UserError when a folder is in the link's place, because it could not be swapped.
    """
    link = folder / CURRENT
    if not os.path.lexists(link):
        return None
    if not link.is_symlink():
        raise UserError(
            f"{str(link)!r} is a folder, perhaps because a copy followed the link; expected a link. Move it into "
            f"{BUNDLES} and link to it: ln -s {BUNDLES}/<its name> {CURRENT}."
        )
    return link.parent / link.readlink()


def name_current(folder: Path) -> str | None:
    """Return the name of the bundle that the link leads to; None if there is no link."""
    link = folder / CURRENT
    return link.readlink().name if link.is_symlink() else None


def point_current(folder: Path, name: str) -> None:
    """Swap the link in one step; it is relative, so that the folder can be moved."""
    temporary = folder / f".{CURRENT}"
    temporary.symlink_to(f"{BUNDLES}/{name}")
    os.replace(temporary, folder / CURRENT)
    flush(folder)
