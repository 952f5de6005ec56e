"""Cleaning knows every kind of output that the code makes."""

import ast
from pathlib import Path

from tasks.clean.inventory import ARTIFACT_PLACES, DATA_PLACES
from tasks.store.layout import CHECKOUT


def list_kinds(path: Path) -> set[str]:
    """The kinds of the outputs that a module declares."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    outputs = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "Output"]
    return {ast.literal_eval(word.value) for call in outputs for word in call.keywords if word.arg == "kind"}


def test_every_kind_of_output_has_a_place() -> None:
    kinds = {kind for path in (CHECKOUT / "tasks").rglob("*.py") for kind in list_kinds(path)}
    assert len(kinds) >= 8
    known = {place.lock for place in (*DATA_PLACES, *ARTIFACT_PLACES)}
    # An evaluation lies in the folder of its model.
    assert kinds - {"evaluation"} <= known
