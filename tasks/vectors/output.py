"""Word vectors as an output: where they go, what decides them, and how they are made."""

from functools import lru_cache
from pathlib import Path
from typing import Final

from tasks.encode.facts import EncodingFacts
from tasks.ingest.files.fetching import fetch_path
from tasks.ingest.files.paths import check_path, make_slug
from tasks.store.closure import describe_code
from tasks.store.fingerprint import library_versions
from tasks.store.layout import TRAIN_FILE, VECTORS
from tasks.store.outputs import Manifest, Output, Plan, record_file
from tasks.vectors.facts import VectorFacts
from tasks.vectors.matching import write_vectors
from tasks.vectors.rows import FLAG

WRITE: Final = "tasks.vectors.matching:write_vectors"
LIBRARIES: Final = ("pyarrow", "tokenizers", "numpy")
TOKENIZER: Final = "tokenizer.json"
# A word is matched by its spelling, and the share of known words depends on the texts.
MATCHED_WITH: Final = (TOKENIZER, TRAIN_FILE)


def plan_vectors(path: Path, sequences: Manifest[EncodingFacts], *, data_dir: Path) -> Plan[VectorFacts]:
    """Plan the vectors of the words that an encoding knows; raises UserError if there is no such file."""
    fetch_path(path, FLAG)
    check_path(path, FLAG)
    status = path.stat()
    sha256 = hash_file(path, status.st_size, status.st_mtime_ns)
    output = Output(
        root=data_dir,
        kind="vectors",
        name=f"{make_slug(path.name)}-{sequences.name}",
        family=VECTORS,
        folder=f"{VECTORS}/{make_slug(path.name)}-{{fingerprint}}",
        facts_type=VectorFacts,
        decided_by={
            "file": {"name": path.name, "sha256": sha256},
            "sequences": {name: sequences.files[name].sha256 for name in MATCHED_WITH},
            "code": describe_code(WRITE),
            "libraries": library_versions(*LIBRARIES),
        },
    )
    return output, lambda folder: write_vectors(path, data_dir / sequences.folder, folder, sha256=sha256)


@lru_cache(maxsize=8)
def hash_file(path: Path, _num_bytes: int, _changed: int) -> str:
    """Hash a file, which may have gigabytes, once for all encodings and trials of a run."""
    return record_file(path).sha256
