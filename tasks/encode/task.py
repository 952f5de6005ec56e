"""Prefect task that turns reviews into padded sequences."""

from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas import State

from tasks.encode.encodings import Encoding
from tasks.encode.facts import EncodingFacts
from tasks.encode.output import plan_encoding
from tasks.ingest.facts import ReviewsManifest
from tasks.orchestrate.outputs import produce_in_task
from tasks.store.outputs import Manifest


@task(name="encode-reviews", task_run_name="encode-{encoding.name}", cache_policy=NO_CACHE)
def encode_reviews(reviews: ReviewsManifest, encoding: Encoding, *, data_dir: Path) -> State[Manifest[EncodingFacts]]:
    """Fit a tokenizer on the training split and write every split's sequences."""
    return produce_in_task(*plan_encoding(reviews, encoding, data_dir=data_dir))
