"""Everything that decides a fitted baseline, for its fingerprint; found without importing scikit-learn."""

from pathlib import Path
from typing import Any, Final

from tasks.baseline.baselines import SEED, Baseline
from tasks.store.fingerprint import hash_json, hash_room, library_versions, normalise_code
from tasks.store.outputs import Manifest

ROOM: Final = Path(__file__).parent
WORDS_FILE: Final = ROOM.parent / "encode" / "words.py"


def decide_baseline(baseline: Baseline, reviews: Manifest[Any], *, num_classes: int) -> dict[str, Any]:
    """List what decides the numbers, as plain JSON."""
    return {
        "settings": {"seed": SEED, **baseline.settings()},
        "reviews": {name: reviews.files[name].sha256 for name in ("train.parquet", "validation.parquet")},
        "num_classes": num_classes,
        "code": hash_room(ROOM, without=("task.py", "baselines.py")),
        "words": hash_json(normalise_code(WORDS_FILE.read_text(encoding="utf-8")))[:16],
        "libraries": library_versions("scikit-learn", "scipy", "numpy"),
    }
