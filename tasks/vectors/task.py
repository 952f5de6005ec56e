"""Prefect task that takes the vectors of a vocabulary's words from a file."""

from pathlib import Path
from typing import Final, cast

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas import State
from prefect.logging import get_run_logger

from tasks.encode.facts import EncodingFacts
from tasks.orchestrate.outputs import produce_in_task
from tasks.store.outputs import Manifest
from tasks.vectors.facts import VectorFacts
from tasks.vectors.output import plan_vectors

# If fewer of the words in the texts have a vector, the file is hardly one for these texts.
FEW_WORDS: Final = 0.5


@task(name="match-vectors", task_run_name="match-vectors-{sequences.name}", cache_policy=NO_CACHE)
def match_vectors(path: Path, sequences: Manifest[EncodingFacts], *, data_dir: Path) -> State[Manifest[VectorFacts]]:
    """Take the vectors of the words that an encoding knows from a file; the log says how many there are."""
    state = produce_in_task(*plan_vectors(path, sequences, data_dir=data_dir))
    if state.is_completed():
        facts = cast("Manifest[VectorFacts]", state.data).facts
        log = get_run_logger().warning if facts.known_words < FEW_WORDS else get_run_logger().info
        log("%s: %s", sequences.name, facts.describe())
    return state
