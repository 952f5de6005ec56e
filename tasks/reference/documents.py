"""JSON Schemas of the documents that others read, found in the source and generated from their models."""

import ast
import json
import re
from collections.abc import Iterable, Iterator
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
    """Import every class whose base is `Document`, sorted by name; other modules are not imported."""
    found = [getattr(import_module(module), name) for module, name in sorted(name_documents(package))]
    return sorted(found, key=lambda document: document.__name__)


def name_documents(package: Path) -> Iterator[tuple[str, str]]:
    """Yield module and name of every class whose base is written as `Document`."""
    for path in package.rglob("*.py"):
        module = ".".join(path.relative_to(package.parent).with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.ClassDef) and any(
                isinstance(it, ast.Name) and it.id == "Document" for it in node.bases
            ):
                yield module, node.name


def render_schemas(documents: Iterable[type[Document]]) -> dict[str, str]:
    """Render a schema for each document, by the name of its file: Leaderboard -> leaderboard.schema.json."""
    return {name_file(document): render_schema(document) for document in documents}


def name_file(document: type[Document]) -> str:
    """Name a schema's file: ProbeReport -> probe-report.schema.json."""
    return re.sub(r"(?<=.)(?=[A-Z])", "-", document.__name__).lower() + SUFFIX


def render_schema(document: type[Document]) -> str:
    """Render the schema of a document as it is written."""
    schema = document.model_json_schema(mode="serialization")
    return json.dumps({"$schema": DIALECT, **schema}, indent=2) + "\n"
