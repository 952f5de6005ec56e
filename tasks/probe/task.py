"""Prefect task that measures how far back the trained models remember."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas import State

from tasks.orchestrate.outputs import produce_in_task
from tasks.probe.results import FILE, CellResult
from tasks.probe.summary import summarise_probe
from tasks.store.closure import describe_code
from tasks.store.fingerprint import hash_json, library_versions
from tasks.store.outputs import Manifest, Output

SUMMARISE: Final = "tasks.probe.summary:summarise_probe"
LIBRARIES: Final = ("numpy", "pandas", "pyarrow")


@task(name="measure-memory", cache_policy=NO_CACHE)
def measure_memory(results: Sequence[CellResult], *, data_dir: Path, artifacts_dir: Path) -> State[Manifest]:
    """Write probe.json: accuracy against distance for every model, and what follows for the note's sentences."""
    output = Output(
        root=artifacts_dir,
        kind="probe",
        name="recall",
        family="probes",
        folder="probes/{fingerprint}",
        facts_type=dict,
        decided_by={
            "results": hash_json([result.model_dump() for result in results]),
            "code": describe_code(SUMMARISE),
            "libraries": library_versions(*LIBRARIES),
        },
    )

    def make(folder: Path) -> dict[str, Any]:
        content = summarise_probe(results, data_dir=data_dir, artifacts_dir=artifacts_dir)
        (folder / FILE).write_text(json.dumps(content, allow_nan=False) + "\n", encoding="utf-8")
        return {"num_cells": len(results)}

    return produce_in_task(output, make)
