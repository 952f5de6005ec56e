"""Files elsewhere that a person names: inputs are fetched to the local paths that stand for them, results are sent."""

import contextlib
import os
import shutil
from pathlib import Path
from typing import Final
from uuid import uuid4

from tasks.errors import UserError, disk_errors_explained
from tasks.formatting.addresses import WEB, find_address, find_cache, find_scheme
from tasks.store.durable import write_atomically
from tasks.store.objects import Objects, errors_explained, name_version, open_objects
from tasks.store.web import download

# Below the cache, a tree of notes that tell which version of a file a copy is of; readers of folders do not see them.
VERSIONS: Final = "versions"
UNFINISHED_PREFIX: Final = ".unfinished-"


def fetch_input(path: Path, flag: str) -> None:
    """Make sure that a file or folder is there, and current, if its path stands for an address.

    Raises UserError, which names the flag, when there is no such file, and as `Objects` does.
    """
    address = find_address(path)
    if address is None:
        return
    with disk_errors_explained(path.parent):
        if find_scheme(address) in WEB:
            path.parent.mkdir(parents=True, exist_ok=True)
            fetch_from_web(address, path)
            return
        store, _, key = address.rpartition("/")
        is_file = find_scheme(store) is not None and fetch_file(open_objects(store), key, path)
        if not is_file and not fetch_folder(address, path):
            raise UserError(f"{flag} {address}: no such file; expected a file or a folder. Correct the address.")


def send_output(path: Path) -> None:
    """Send a finished file to the address that its path stands for, if it does."""
    if address := find_address(path):
        store, _, key = address.rpartition("/")
        open_objects(store).upload(path, key)


def check_access(folder: Path, flag: str) -> None:
    """Raise UserError, which names the flag, if nothing can be written below the address that a folder stands for."""
    address = find_address(folder)
    if address is None:
        return
    if find_scheme(address) in WEB:
        raise UserError(f"{flag} {address} cannot be written; expected a folder, or an address such as s3://bucket/x.")
    key = f".access-{uuid4().hex[:8]}"
    try:
        open_objects(address).put(key, b"")
        open_objects(address).delete([key])
    except FileNotFoundError as error:
        raise UserError(
            f"{flag} {address}: there is no such bucket or container; expected one. Create it, or correct the address."
        ) from error


def fetch_from_web(address: str, path: Path) -> None:
    """Fetch a file of the web."""
    unfinished = name_unfinished(path)
    try:
        known = read_version(path)
        found = download(address, unfinished, known=known)
        if unfinished.exists():
            put_in_place(unfinished, path, found)
    finally:
        unfinished.unlink(missing_ok=True)


def fetch_file(objects: Objects, key: str, path: Path) -> bool:
    """Fetch an object unless the copy is of the same version; returns whether there is one."""
    with errors_explained(f"{objects.address}/{key}"), contextlib.suppress(FileNotFoundError):
        version = name_version(objects.store.head(key)).get("e_tag", "")
        if read_version(path) == version:
            return True
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = name_unfinished(path)
        try:
            if not objects.download(key, unfinished):
                return False
            put_in_place(unfinished, path, version)
        finally:
            unfinished.unlink(missing_ok=True)
        return True
    return False


def fetch_folder(address: str, path: Path) -> bool:
    """Fetch all objects below an address, and remove copies of others; returns whether there are any."""
    if path.is_file():
        path.unlink()
    objects = open_objects(address)
    keys = {it.key for it in objects.list() if it.num_bytes or not it.key.endswith("/")}
    for key in sorted(keys):
        if ".." in Path(key).parts:
            raise UserError(f"{address} has an object called {key!r}; expected names without '..'. Rename it.")
        fetch_file(objects, key, path / key)
    for copy in path.rglob("*"):
        if copy.is_file() and not copy.name.startswith(".") and copy.relative_to(path).as_posix() not in keys:
            copy.unlink()
    return bool(keys)


def put_in_place(unfinished: Path, path: Path, version: str | None) -> None:
    """Move a copy to its place, and note its version; a reader has the old one or the new one."""
    if path.is_dir():
        shutil.rmtree(path)
    note = find_note(path)
    note.unlink(missing_ok=True)
    os.replace(unfinished, path)
    if version:
        note.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(note, version)


def read_version(path: Path) -> str | None:
    """Return the version that a copy is of; None if there is no copy."""
    note = find_note(path)
    return note.read_text(encoding="utf-8") if path.is_file() and note.is_file() else None


def find_note(path: Path) -> Path:
    """Return the file that keeps the version of a copy."""
    return find_cache() / VERSIONS / path.relative_to(find_cache()).with_name(f"{path.name}.version")


def name_unfinished(path: Path) -> Path:
    """Name the file that a copy is written to."""
    return path.with_name(f"{UNFINISHED_PREFIX}{uuid4().hex[:8]}")
