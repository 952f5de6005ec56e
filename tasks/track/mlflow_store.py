"""Mirror a run and the champion to MLflow. Runs in a process of its own, which may be ended at any moment.

Whatever is there already is found by its tags and completed, so that mirroring again doubles nothing.
"""

import contextlib
import io
import logging
import os
import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from tasks.evaluate.bundle import read_facts
from tasks.promote.identity import identify
from tasks.promote.link import find_champion
from tasks.report.run.facts import RunMetrics
from tasks.store.layout import CHAMPION, MODELS
from tasks.track.contents import describe_model, describe_run, read_run
from tasks.track.facts import BUNDLE_TAG, RUN_TAG, Target, Tracked
from tasks.track.packing import LOADER, copy_code, describe_columns, list_requirements

ALIAS: Final = "champion"
MODEL: Final = "model"
URI_TAG: Final = "bakeoff.model_uri"
PARENT_TAG: Final = "mlflow.parentRunId"
FINISHED: Final = "FINISHED"
MILLISECONDS: Final = 1_000
# MLflow's own limits.
MOST_PARAMS: Final = 100
MOST_METRICS: Final = 1_000
LONGEST_PARAM: Final = 6_000
LONGEST_TAG: Final = 5_000
NOT_IN_NAMES: Final = re.compile(r"[^\w. /-]")
# How often the alias is set again because the champion has changed in the meantime.
MOST_CHANGES: Final = 5
# Of MLflow's own settings, where the user has set nothing: give up soon, say nothing, call nobody else.
USUAL: Final = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_ALLOW_FILE_STORE": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "GIT_PYTHON_REFRESH": "quiet",
}


def mirror(target: Target, *, environment: Mapping[str, str]) -> None:
    """Mirror a run, if there is one, and the champion; `environment` has the address and the user's settings.

    Raises whatever MLflow raises, and UserError for a run or a champion that cannot be read.
    """
    os.environ.update({**USUAL, **environment})
    with quiet():
        from mlflow import MlflowClient, set_tracking_uri

        set_tracking_uri(environment["MLFLOW_TRACKING_URI"])
        mirrored = Mirror(MlflowClient(), target)
        if target.run_folder:
            mirrored.add_run(read_run(target.run_folder), target.run_folder)
        mirrored.follow_champion()


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep what MLflow prints and logs from the run's output; addresses in it may hold passwords."""
    logging.disable(logging.CRITICAL)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.disable(logging.NOTSET)


class Mirror:
    """An experiment and a registered model of one name at an MLflow server."""

    def __init__(self, client: Any, target: Target) -> None:
        self.client = client
        self.name = target.name
        self.artifacts_dir = target.artifacts_dir
        self.experiment = self.find_experiment()

    def find_experiment(self) -> str:
        """Find the experiment or create it; returns its id."""
        found = self.client.get_experiment_by_name(self.name)
        return str(found.experiment_id if found else self.client.create_experiment(self.name))

    def add_run(self, metrics: RunMetrics, folder: Path) -> None:
        """Add a run with a nested one for each model, its files, and the bundle that was put to the gate."""
        described = describe_run(metrics, folder)
        started = round(datetime.fromisoformat(metrics.run.started).timestamp() * MILLISECONDS)
        run = self.begin(described, {RUN_TAG: metrics.run.id, PARENT_TAG: ""}, started)
        self.client.log_artifacts(run, str(folder.resolve()))
        for row in metrics.variants:
            tracked = describe_model(row, metrics, self.artifacts_dir)
            nested = self.begin(tracked, {PARENT_TAG: run, "bakeoff.variant": row.name}, started)
            self.client.set_terminated(nested, FINISHED if row.status == "ok" else "FAILED")
        if metrics.gate.model and (bundle := self.artifacts_dir / MODELS / metrics.gate.model).is_dir():
            self.add_bundle(bundle, run)
        self.client.set_terminated(run, FINISHED, end_time=started + round(metrics.run.seconds * MILLISECONDS))

    def begin(self, tracked: Tracked, key: Mapping[str, str], started: int) -> str:
        """Create a run, or find the one whose tags are `key`, and log what it is about; returns its id."""
        from mlflow.entities import Metric, Param, RunTag

        tags = {
            **{name: text[:LONGEST_TAG] for name, text in tracked.tags.items()},
            **{k: v for k, v in key.items() if v},
        }
        found = self.find_run(key)
        run = found or self.client.create_run(self.experiment, started, tags, tracked.name).info.run_id
        now = round(time.time() * MILLISECONDS)
        metrics = [Metric(fit_name(name), value, now, 0) for name, value in tracked.metrics.items()]
        for epoch, numbers in enumerate(tracked.curves, start=1):
            metrics += [Metric(fit_name(name), value, now, epoch) for name, value in numbers.items()]
        params = [Param(fit_name(name), text[:LONGEST_PARAM]) for name, text in tracked.params.items()]
        for start in range(0, len(params), MOST_PARAMS):
            self.client.log_batch(run, params=params[start : start + MOST_PARAMS])
        for start in range(0, 0 if found else len(metrics), MOST_METRICS):
            self.client.log_batch(run, metrics=metrics[start : start + MOST_METRICS])
        self.client.log_batch(run, tags=[RunTag(name, text) for name, text in tags.items()])
        return str(run)

    def find_run(self, tags: Mapping[str, str]) -> str | None:
        """Find the run of the experiment that has these tags; an empty text stands for a tag that it lacks."""
        name, value = next((name, value) for name, value in tags.items() if value)
        runs = self.client.search_runs([self.experiment], f"tags.`{name}` = '{value}'")
        found = [run.info.run_id for run in runs if all(run.data.tags.get(key, "") == tags[key] for key in tags)]
        return found[0] if found else None

    def add_bundle(self, folder: Path, run: str) -> str:
        """Log a bundle as a model of a run, unless some run has it, and tag the run; returns the model's address."""
        name = identify(folder).name
        uri = self.find_model(name) or log_bundle(folder, name, run)
        self.client.set_tag(run, BUNDLE_TAG, name)
        self.client.set_tag(run, URI_TAG, uri)
        return uri

    def find_model(self, name: str) -> str | None:
        """Find the address of the model that was logged for a bundle."""
        run = self.find_run({BUNDLE_TAG: name})
        return self.client.get_run(run).data.tags.get(URI_TAG) if run else None

    def follow_champion(self) -> None:
        """Let the alias lead to the champion, also if it changes meanwhile; nothing is done without a champion."""
        folder = self.artifacts_dir / CHAMPION
        for _ in range(MOST_CHANGES):
            champion = find_champion(folder)
            if champion is None:
                return
            version = self.find_version(champion)
            self.client.set_registered_model_alias(self.name, ALIAS, version)
            if find_champion(folder) == champion:
                return

    def find_version(self, champion: Path) -> str:
        """Find the version of the registered model that is a champion, or create it."""
        import mlflow

        self.register()
        versions = self.client.search_model_versions(f"name = '{self.name}'")
        found = [it.version for it in versions if it.tags.get(BUNDLE_TAG) == champion.name]
        if found:
            return str(found[0])
        uri = self.find_model(champion.name) or self.add_bundle(champion, self.begin_champion(champion.name))
        return str(mlflow.register_model(uri, self.name, tags={BUNDLE_TAG: champion.name}).version)

    def register(self) -> None:
        """Create the registered model, unless there is one."""
        if not self.client.search_registered_models(f"name = '{self.name}'"):
            self.client.create_registered_model(self.name)

    def begin_champion(self, name: str) -> str:
        """Create a run for a champion that comes from no mirrored run, or find the one that is there."""
        tracked = Tracked(f"champion {name}", params={}, metrics={}, tags={})
        return self.begin(tracked, {"bakeoff.champion": name}, round(time.time() * MILLISECONDS))


def log_bundle(folder: Path, name: str, run: str) -> str:
    """Log a bundle, with the code that loads it, as a model of a run; returns the model's address."""
    import mlflow

    facts = read_facts(folder)
    with tempfile.TemporaryDirectory() as work, mlflow.start_run(run_id=run):
        info = mlflow.pyfunc.log_model(
            name=MODEL,
            loader_module=LOADER,
            data_path=str(folder.resolve()),
            code_paths=[str(copy_code(Path(work)))],
            pip_requirements=list_requirements(facts.kind),
            signature=describe_columns(facts),
            metadata={"bundle": name},
        )
    return str(info.model_uri)


def fit_name(name: str) -> str:
    """Replace what MLflow does not allow in names: fit_name("p@5") -> "p-5"."""
    return NOT_IN_NAMES.sub("-", name)
