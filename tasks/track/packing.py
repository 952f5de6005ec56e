"""What MLflow needs besides a bundle to load it anywhere: this project's code, the libraries, the columns."""

import shutil
from pathlib import Path
from typing import Any, Final

from tasks.evaluate.facts import BundleFacts
from tasks.evaluate.model_files import KindOfModel
from tasks.predict.scoring import describe_additions
from tasks.store.closure import ROOT, find_file, is_module, read_source
from tasks.store.fingerprint import library_versions
from tasks.track.pyfunc import TEXT

LOADER: Final = "tasks.track.pyfunc"
# What loading and scoring import.
OF_TEXT: Final = (
    "numpy",
    "pandas",
    "pyarrow",
    "pydantic",
    "scipy",
    "tokenizers",
    "regex",
    "filelock",
    "charset-normalizer",
)
OF_NETWORKS: Final = ("tensorflow", "keras", "scikit-learn")
LIBRARIES: Final[dict[KindOfModel, tuple[str, ...]]] = {
    "baseline": OF_TEXT,
    "neural": (*OF_TEXT, *OF_NETWORKS),
    "ensemble": (*OF_TEXT, *OF_NETWORKS),
}


def copy_code(folder: Path) -> Path:
    """Copy the modules that loading and scoring can import into a folder; returns that of the package."""
    for module in list_modules(LOADER):
        path = folder / find_file(module).relative_to(ROOT)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(find_file(module), path)
    return folder / LOADER.partition(".")[0]


def list_modules(start: str) -> set[str]:
    """List the modules of this project that a module imports, in whatever way, the packages around them included."""
    found: set[str] = set()
    pending = [start]
    while pending:
        module = pending.pop()
        if module in found or not is_module(module):
            continue
        found.add(module)
        parts = module.split(".")
        pending += [".".join(parts[:end]) for end in range(1, len(parts))]
        for target in read_source(module).imports.values():
            pending += [target.module, f"{target.module}.{target.symbol}"]
    return found


def list_requirements(kind: KindOfModel) -> list[str]:
    """List the libraries that a model of a kind needs, each with the installed version."""
    return [f"{name}=={version}" for name, version in library_versions(*LIBRARIES[kind]).items()]


def describe_columns(facts: BundleFacts) -> Any:
    """Describe the column that is read and those that are added, as MLflow's signature."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    names = {"string": "string", "double": "double", "bool": "boolean", "int32": "integer"}
    added = describe_additions(facts, prefix="", min_confidence=0.0).schema
    outputs = [ColSpec(names[str(field.type)], field.name, required=False) for field in added]
    return ModelSignature(Schema([ColSpec("string", TEXT, required=True)]), Schema(outputs))
