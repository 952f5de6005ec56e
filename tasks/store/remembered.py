"""The code that outputs depend on, remembered between processes for as long as no source file changes.

Following a function through the source takes a good second for all outputs of a run, and gives the same hashes until
the code changes. They are kept beside Python's own compiled code, and like it they are only ever a shortcut: what is
missing, damaged or from other sources is found again.
"""

import contextlib
import importlib.util
import json
import os
import sys
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from tasks.store import closure
from tasks.store.fingerprint import hash_json
from tasks.store.layout import CHECKOUT

SOURCES: Final = CHECKOUT / closure.PACKAGE
MEMORY: Final = Path(importlib.util.cache_from_source(closure.__file__)).with_suffix(".json")


@cache
def describe_code(*functions: str, without: tuple[str, ...] = ()) -> dict[str, str]:
    """Hash the code that functions can reach, as `closure.describe_code` does, which says more."""
    key = hash_json([functions, without])
    known = recall(MEMORY, hash_sources(SOURCES))
    if key not in known:
        known[key] = closure.describe_code(*functions, without=without)
        remember(MEMORY, hash_sources(SOURCES), known)
    return known[key]


@cache
def hash_sources(folder: Path) -> str:
    """Hash all Python files below a folder, and the version of Python, which parses them."""
    total = sha256(sys.version.encode())
    for path in sorted(folder.rglob("*.py")):
        total.update(f"\0{path.relative_to(folder)}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def recall(memory: Path, sources: str) -> dict[str, dict[str, str]]:
    """Return what was found for these sources, by function; nothing if the file is for others, missing or damaged."""
    try:
        content = json.loads(memory.read_bytes())
        is_whole = content["sources"] == sources and content["sum"] == hash_json(content["found"])
        return dict(content["found"]) if is_whole else {}
    except (OSError, ValueError, LookupError, TypeError):
        return {}


def remember(memory: Path, sources: str, found: dict[str, dict[str, str]]) -> None:
    """Write what was found, unless Python's own compiled code may not be written there either."""
    if sys.dont_write_bytecode:
        return
    content: dict[str, Any] = {"sources": sources, "sum": hash_json(found), "found": found}
    with contextlib.suppress(OSError):
        memory.parent.mkdir(exist_ok=True)
        temporary = memory.with_name(f".{memory.name}.{os.getpid()}")
        temporary.write_text(json.dumps(content), encoding="utf-8")
        # Another process sees all of it or nothing.
        os.replace(temporary, memory)
