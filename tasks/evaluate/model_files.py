"""The names of the files that a model needs to predict; the other files of a training say how it was made."""

from collections.abc import Collection
from typing import Final, Literal

KindOfModel = Literal["neural", "baseline", "ensemble"]

NEURAL_FILE: Final = "model.keras"
TOKENIZER_FILE: Final = "tokenizer.json"
ENSEMBLE_FILE: Final = "ensemble.json"
BASELINE_FILES: Final = ("model.npz", "vocabulary.json")
MODEL_FILES: Final = (NEURAL_FILE, TOKENIZER_FILE, *BASELINE_FILES)


def tell_kind(names: Collection[str]) -> KindOfModel:
    """Tell what kind of model a training made from the names of its files."""
    if ENSEMBLE_FILE in names:
        return "ensemble"
    return "neural" if NEURAL_FILE in names else "baseline"


def begin_names(member: str | None) -> str:
    """Return how the names of a member's files begin: "nb-svm." for nb-svm, nothing for a model of its own."""
    return f"{member}." if member else ""


def select_model_files(names: Collection[str]) -> list[str]:
    """Select the files that a model needs, those of the members of an ensemble included."""
    own = [name for name in MODEL_FILES if name in names]
    endings = tuple(f".{name}" for name in MODEL_FILES)
    return [*own, *sorted(name for name in names if name == ENSEMBLE_FILE or name.endswith(endings))]
