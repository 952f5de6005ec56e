"""JSON Schemas of the documents that other programs read, generated from the models found in the source."""

import ast
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final

from tasks.store.facts import Document
from tasks.store.layout import CHECKOUT

PACKAGE: Final = CHECKOUT / "tasks"
FOLDER: Final = PACKAGE / "reference" / "schemas"
SUFFIX: Final = ".schema.json"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def find_documents(package: Path = PACKAGE) -> list[type[Document]]:
    """Import every class that derives from `Document`, sorted by name; modules without one are not imported."""
    classes = list(list_classes(package))
    names = find_derived([(name, bases) for _, name, bases in classes])
    found = [getattr(import_module(module), name) for module, name, _ in classes if name in names]
    documents = [it for it in found if issubclass(it, Document) and it is not Document]
    return sorted(documents, key=lambda document: document.__name__)


def list_classes(package: Path) -> Iterator[tuple[str, str, set[str]]]:
    """Yield the module, the name and the names of the bases of every top-level class in the source."""
    for path in package.rglob("*.py"):
        module = ".".join(path.relative_to(package.parent).with_suffix("").parts)
        for node in ast.parse(path.read_bytes()).body:
            if isinstance(node, ast.ClassDef):
                yield module, node.name, {base.id for base in node.bases if isinstance(base, ast.Name)}


def find_derived(classes: Sequence[tuple[str, set[str]]], root: str = "Document") -> set[str]:
    """Find the classes derived from a root, at any depth: [("A", {"Document"}), ("B", {"A"})] -> {"A", "B"}."""
    derived: set[str] = set()
    while more := {name for name, bases in classes if bases & {root, *derived}} - derived:
        derived |= more
    return derived


def render_schemas(documents: Iterable[type[Document]]) -> dict[str, str]:
    """Render a schema for each document, keyed by file name: Leaderboard -> leaderboard.schema.json."""
    return {name_file(document): render_schema(document) for document in documents}


def name_file(document: type[Document]) -> str:
    """Return the file name of a schema: ProbeReport -> probe-report.schema.json."""
    return re.sub(r"(?<=.)(?=[A-Z])", "-", document.__name__).lower() + SUFFIX


def render_schema(document: type[Document]) -> str:
    """Render the schema of a document as it is written to a file (pydantic's serialisation mode)."""
    schema = document.model_json_schema(mode="serialization")
    return json.dumps({"$schema": DIALECT, **schema}, indent=2) + "\n"
