"""Prefect task that takes in a pretrained encoder from a folder."""

from pathlib import Path
from typing import cast

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas import State
from prefect.logging import get_run_logger

from tasks.encoders.facts import EncoderFacts
from tasks.encoders.output import plan_encoder
from tasks.orchestrate.outputs import produce_in_task
from tasks.store.outputs import Manifest


@task(name="take-encoder", cache_policy=NO_CACHE)
def take_encoder(path: Path, *, data_dir: Path) -> State[Manifest[EncoderFacts]]:
    """Take in the encoder in a folder; the log says what it is."""
    state = produce_in_task(*plan_encoder(path, data_dir=data_dir))
    if state.is_completed():
        get_run_logger().info("encoder: %s", cast("Manifest[EncoderFacts]", state.data).facts.describe())
    return state
