"""Prefect task that turns reviews into padded sequences."""

from pathlib import Path
from typing import Final

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas import State

from tasks.encode.encodings import Encoding
from tasks.encode.sequences import write_encoding
from tasks.ingest.facts import ReviewsManifest
from tasks.orchestrate.outputs import produce_in_task
from tasks.store.closure import describe_code
from tasks.store.fingerprint import library_versions
from tasks.store.outputs import Manifest, Output

WRITE: Final = "tasks.encode.sequences:write_encoding"
LIBRARIES: Final = ("pyarrow", "tokenizers", "numpy")


@task(name="encode-reviews", task_run_name="encode-{encoding.name}", cache_policy=NO_CACHE)
def encode_reviews(reviews: ReviewsManifest, encoding: Encoding, *, data_dir: Path) -> State[Manifest]:
    """Fit a tokenizer on the training split and write every split's sequences."""
    output = Output(
        root=data_dir,
        kind="encoding",
        name=encoding.name,
        family="encodings",
        folder=f"encodings/{encoding.name}-{{fingerprint}}",
        facts_type=dict,
        decided_by={
            "encoding": encoding.settings(),
            "reviews": {name: record.sha256 for name, record in reviews.files.items()},
            "code": describe_code(WRITE),
            "libraries": library_versions(*LIBRARIES),
        },
    )
    return produce_in_task(output, lambda folder: write_encoding(data_dir / reviews.folder, encoding, folder))
