"""Prefect task that turns reviews into padded sequences."""

from pathlib import Path
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas import State
from prefect.logging import get_run_logger

from tasks.encode.choice import Wanted, choose_encoding, describe_choice
from tasks.encode.encodings import Encoding
from tasks.encode.facts import EncodingChoice, EncodingFacts, TokenTotals
from tasks.encode.output import plan_encoding, plan_unlabelled_sequences
from tasks.ingest.facts import ReviewsManifest, UnlabelledManifest
from tasks.orchestrate.outputs import produce_in_task
from tasks.store.outputs import Manifest


@task(name="encode-reviews", task_run_name="encode-{encoding.name}", cache_policy=NO_CACHE)
def encode_reviews(
    reviews: ReviewsManifest, encoding: Encoding, *, data_dir: Path, encoder: Manifest[Any] | None = None
) -> State[Manifest[EncodingFacts]]:
    """Fit a tokenizer on the training split, or take that of an encoder, and write the sequences of every split."""
    return produce_in_task(*plan_encoding(reviews, encoding, data_dir=data_dir, encoder=encoder))


@task(name="encode-unlabelled", task_run_name="encode-unlabelled-{encoded.name}", cache_policy=NO_CACHE)
def encode_unlabelled(
    texts: UnlabelledManifest, encoded: Manifest[EncodingFacts], *, data_dir: Path
) -> State[Manifest[TokenTotals]]:
    """Write the sequences of texts without labels, with the tokenizer of an encoding."""
    return produce_in_task(*plan_unlabelled_sequences(texts, encoded, data_dir=data_dir))


@task(name="choose-encoding", cache_policy=NO_CACHE, persist_result=False)
def choose_kind_of_encoding(
    wanted: Wanted, reviews: ReviewsManifest, *, data_dir: Path, vocab_size: int
) -> EncodingChoice:
    """Choose how the texts are encoded, and log the choice with its reason."""
    choice = choose_encoding(wanted, data_dir / reviews.folder, vocab_size=vocab_size)
    get_run_logger().info("%s", describe_choice(choice))
    return choice
