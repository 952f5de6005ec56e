"""An encoder as an output: where it goes, what decides it, and how it is made."""

from pathlib import Path
from typing import Final

from tasks.encoders.facts import EncoderFacts
from tasks.encoders.folder import WEIGHTS, open_folder
from tasks.encoders.weights import write_encoder
from tasks.ingest.files.paths import make_slug
from tasks.store.closure import describe_code
from tasks.store.fingerprint import library_versions
from tasks.store.layout import ENCODERS
from tasks.store.outputs import Output, Plan
from tasks.vectors.output import hash_file

WRITE: Final = "tasks.encoders.weights:write_encoder"
LIBRARIES: Final = ("safetensors", "tokenizers", "numpy")


def plan_encoder(path: Path, *, data_dir: Path) -> Plan[EncoderFacts]:
    """Plan the weights and the tokenizer of an encoder; raises UserError for a folder that cannot be used."""
    found = open_folder(path)
    hashes = {}
    for name, file in found.files.items():
        status = file.stat()
        hashes[name] = hash_file(file, status.st_size, status.st_mtime_ns)
    output = Output(
        root=data_dir,
        kind="encoder",
        name=make_slug(path.name),
        family=ENCODERS,
        folder=f"{ENCODERS}/{make_slug(path.name)}-{{fingerprint}}",
        facts_type=EncoderFacts,
        decided_by={
            "name": path.name,
            "files": hashes,
            "pooling": found.pooling,
            "code": describe_code(WRITE),
            "libraries": library_versions(*LIBRARIES),
        },
    )
    return output, lambda folder: write_encoder(path, folder, sha256=hashes[WEIGHTS])
