"""A hash of everything that decides an output, and a description of what changed when the hash changed."""

import hashlib
import json
import textwrap
from importlib import metadata
from typing import Any, Final

MOST_DIFFERENCES: Final = 3


def fingerprint(decided_by: dict[str, Any]) -> str:
    """Hash everything that decides an output to 16 hexadecimal digits, short enough for the names of folders."""
    return hash_json(decided_by)[:16]


def hash_json(value: object) -> str:
    """Hash plain JSON with SHA-256, regardless of the order of keys; returns 64 hexadecimal digits."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, allow_nan=False).encode()).hexdigest()


def library_versions(*names: str) -> dict[str, str]:
    """Look up installed versions without importing: library_versions("pyarrow") -> {"pyarrow": "26.0.1"}."""
    return {name: metadata.version(name) for name in names}


def describe_difference(before: dict[str, Any], after: dict[str, Any]) -> str:
    """Describe what differs: describe_difference({"a": {"b": 1}}, {"a": {"b": 2}}) -> "a.b 1 -> 2"."""
    differences = find_differences(before, after)
    shown = [f"{key} {shorten(old)} -> {shorten(new)}" for key, (old, new) in differences.items()][:MOST_DIFFERENCES]
    more = [f"and {len(differences) - len(shown)} more"] if len(differences) > len(shown) else []
    return ", ".join(shown + more) or "no difference"


def find_differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Find the settings that differ: find_differences({"a": {"b": 1}}, {"a": {"b": 2}}) -> {"a.b": (1, 2)}."""
    old, new = flatten(before), flatten(after)
    keys = sorted(old.keys() | new.keys())
    return {key: (old.get(key), new.get(key)) for key in keys if old.get(key) != new.get(key)}


def flatten(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Flatten nested settings: flatten({"a": {"b": 1}}) -> {"a.b": 1}."""
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


def shorten(value: object) -> str:
    """Keep hashes and lists readable in a log line."""
    return textwrap.shorten(str(value), width=24, placeholder="...") if " " in str(value) else str(value)[:12]
