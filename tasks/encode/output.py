"""Padded sequences as an output: where they go, what decides them, and how they are made."""

from pathlib import Path
from typing import Final

from tasks.encode.encodings import Encoding
from tasks.encode.facts import EncodingFacts
from tasks.encode.sequences import write_encoding
from tasks.ingest.facts import ReviewsManifest
from tasks.store.closure import describe_code
from tasks.store.fingerprint import library_versions
from tasks.store.layout import ENCODINGS
from tasks.store.outputs import Output, Plan

WRITE: Final = "tasks.encode.sequences:write_encoding"
LIBRARIES: Final = ("pyarrow", "tokenizers", "numpy")


def plan_encoding(reviews: ReviewsManifest, encoding: Encoding, *, data_dir: Path) -> Plan[EncodingFacts]:
    """Plan a tokenizer that is fitted on the training split, and the sequences of every split."""
    output = Output(
        root=data_dir,
        kind="encoding",
        name=encoding.name,
        family=ENCODINGS,
        folder=f"{ENCODINGS}/{encoding.name}-{{fingerprint}}",
        facts_type=EncodingFacts,
        decided_by={
            "encoding": encoding.settings(),
            "reviews": {name: record.sha256 for name, record in reviews.files.items()},
            "code": describe_code(WRITE),
            "libraries": library_versions(*LIBRARIES),
        },
    )
    return output, lambda folder: write_encoding(data_dir / reviews.folder, encoding, folder)
