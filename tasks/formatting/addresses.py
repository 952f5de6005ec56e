"""Addresses of files elsewhere, such as s3://bucket/reviews.csv, and the local paths that stand for them.

A file elsewhere is read from a copy in a cache, at a path from which its address can be read off:

    s3://bucket/films/reviews.csv         ~/.cache/sequence-bakeoff/s3/bucket/films/reviews.csv
    https://host/reviews.csv?version=2    ~/.cache/sequence-bakeoff/https/host?version=2/reviews.csv

Nothing else has to be kept to know what a path stands for, on this machine or on another one.
"""

import os
import re
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from tasks.formatting.redaction import PARAMETER

# Object stores, where folders can be, and the web, from which files can be read.
STORES: Final = ("s3", "gs", "az")
WEB: Final = ("https", "http")
ADDRESS: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://.*", re.DOTALL)
CACHE_NAME: Final = "sequence-bakeoff"
# What stands for a secret in an address: an environment variable.
VARIABLE: Final = re.compile(r"\$\{?(\w+)\}?")
SIGNED: Final = re.compile(r"(?i)[?&](?:x-amz-|x-goog-)(?:signature|credential|security-token)=[^&$]")


def find_scheme(text: str) -> str | None:
    """Return the scheme of an address: find_scheme("s3://bucket/x") -> "s3"; None if the text is none."""
    match = ADDRESS.fullmatch(text)
    return match[1].lower() if match else None


def is_address(text: str) -> bool:
    """Tell whether a text is the address of a file or folder elsewhere that can be read from there."""
    return find_scheme(text) in (*STORES, *WEB)


def find_cache() -> Path:
    """Return the folder of all copies."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute() / CACHE_NAME


def find_copy(address: str) -> Path:
    """Return the local path that stands for an address; raises ValueError for one that is incomplete or unsafe."""
    scheme = find_scheme(address)
    if scheme not in (*STORES, *WEB):
        raise ValueError(f"unknown scheme {scheme!r}; expected one of {', '.join((*STORES, *WEB))}.")
    check_secrets(address)
    place, _, query = address.partition("://")[2].partition("?" if scheme in WEB else "\0")
    names = place.strip("/").split("/")
    if any(name in {"", ".", ".."} for name in names) or (scheme in WEB and len(names) == 1):
        example = "https://host/reviews.csv" if scheme in WEB else f"{scheme}://bucket/folder"
        raise ValueError(f"{address!r} is not complete; expected an address such as {example}.")
    if query:
        names[-2] += f"?{query.replace('/', '%2F')}"
    return find_cache().joinpath(scheme, *names)


def check_secrets(address: str) -> None:
    """Raise ValueError for an address with a password or a signature, which would be kept with the results."""
    hidden = PARAMETER.search(address)
    if "@" in urlsplit(address).netloc:
        raise ValueError(
            "the address holds a login, which would be kept with the results; expected one without. Credentials are "
            "read where the tools of each cloud keep them."
        )
    if SIGNED.search(address) or (hidden and not VARIABLE.fullmatch(hidden[0].partition("=")[2])):
        raise ValueError(
            "the address holds a secret, which would be kept with the results; expected a variable in its place. Write "
            "all that follows the question mark as $QUERY, in single quotes, and set the environment variable QUERY."
        )


def find_address(path: Path) -> str | None:
    """Return the address that a local path stands for; None for other paths."""
    cache = find_cache()
    if not path.is_relative_to(cache):
        return None
    scheme, *parts = path.relative_to(cache).parts or ("",)
    if scheme not in (*STORES, *WEB) or not parts:
        return None
    *folders, name = parts
    if scheme in WEB and folders and "?" in folders[-1]:
        folders[-1], _, query = folders[-1].partition("?")
        name = f"{name}?{query}"
    return f"{scheme}://{'/'.join([*folders, name])}"


def spell_place(path: Path) -> str:
    """Spell a path as people know it: the address, if it stands for one."""
    return find_address(path) or str(path)


def show_addresses(text: str) -> str:
    """Put addresses in the place of the paths that stand for them, in a message."""
    cache = str(find_cache())
    if cache not in text:
        return text
    pattern = re.compile(rf"{re.escape(cache)}/({'|'.join((*STORES, *WEB))})/")
    return pattern.sub(r"\1://", text)
