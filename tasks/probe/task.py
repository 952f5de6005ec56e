"""Prefect task that measures how far back the trained models remember."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas import State

from tasks.orchestrate.outputs import produce_in_task
from tasks.probe.facts import Memory
from tasks.probe.results import CellResult
from tasks.probe.summary import summarise_probe
from tasks.store.facts import Facts
from tasks.store.fingerprint import hash_json, library_versions
from tasks.store.layout import MEASUREMENTS
from tasks.store.outputs import Manifest, Output
from tasks.store.remembered import describe_code

SUMMARISE: Final = "tasks.probe.summary:summarise_probe"
LIBRARIES: Final = ("numpy", "pandas", "pyarrow")
MEMORY_FILE: Final = "memory.json"


class MeasurementFacts(Facts):
    """What the manifest says about a measurement."""

    num_cells: int


@task(name="measure-memory", cache_policy=NO_CACHE)
def measure_memory(
    results: Sequence[CellResult], *, data_dir: Path, artifacts_dir: Path
) -> State[Manifest[MeasurementFacts]]:
    """Write memory.json: accuracy against distance for every model, and the verdicts on the notebook's claims."""
    output = Output(
        root=artifacts_dir,
        kind="memory",
        name="recall",
        family=MEASUREMENTS,
        folder=f"{MEASUREMENTS}/{{fingerprint}}",
        facts_type=MeasurementFacts,
        decided_by={
            "results": hash_json([result.model_dump() for result in results]),
            "code": describe_code(SUMMARISE),
            "libraries": library_versions(*LIBRARIES),
        },
    )

    def make(folder: Path) -> MeasurementFacts:
        summarise_probe(results, data_dir=data_dir, artifacts_dir=artifacts_dir).write(folder / MEMORY_FILE)
        return MeasurementFacts(num_cells=len(results))

    return produce_in_task(output, make)


def read_memory(measured: Manifest[MeasurementFacts], *, artifacts_dir: Path) -> Memory:
    """Read memory.json of a measurement; raises UserError when it is damaged or newer than the code."""
    return Memory.read(artifacts_dir / measured.folder / MEMORY_FILE)
