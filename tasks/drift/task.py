"""Prefect task that compares a run's training data with the champion's."""

from pathlib import Path
from typing import Final, cast

from prefect import task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas import State
from prefect.logging import get_run_logger

from tasks.drift.facts import Drift
from tasks.drift.render import describe_drift, render_drift
from tasks.drift.stability import STABLE
from tasks.evaluate.bundle import CURRENT, find_bundle, read_facts
from tasks.evaluate.facts import BUNDLE_FILE
from tasks.ingest.datasets import Choice
from tasks.ingest.facts import ReviewsManifest
from tasks.orchestrate.outputs import produce_in_task
from tasks.store.fingerprint import library_versions
from tasks.store.layout import CHAMPION, DRIFT
from tasks.store.outputs import Manifest, Output, record_file
from tasks.store.remembered import describe_code

MEASURE: Final = "tasks.drift.measure:measure_drift"
LIBRARIES: Final = ("scipy", "numpy", "pandas", "pyarrow", "tokenizers")
# Drift counts tokens; it needs no predictions of the champion's model.
RUN_NO_MODEL: Final = ("tasks.train.*",)


def has_comparable_champion(choice: Choice, artifacts_dir: Path) -> bool:
    """Tell whether there is a champion of this dataset that keeps a profile of its texts.

    For files, whose names change from night to night, any champion counts. Raises UserError when the champion's bundle
    is damaged.
    """
    folder = artifacts_dir / CHAMPION / CURRENT
    if not folder.exists():
        return False
    champion = read_facts(find_bundle(folder))
    is_same = choice.files is not None or champion.dataset.name == choice.dataset
    return is_same and champion.profile is not None


@task(name="measure-drift", cache_policy=NO_CACHE)
def measure_drift(reviews: ReviewsManifest, *, data_dir: Path, artifacts_dir: Path) -> State[Manifest[Drift]]:
    """Write drift.json, show it in the Prefect UI, and log a warning if something moved."""
    champion = find_bundle(artifacts_dir / CHAMPION)
    output = Output(
        root=artifacts_dir,
        kind="drift",
        name=reviews.name,
        family=DRIFT,
        folder=f"{DRIFT}/{{fingerprint}}",
        facts_type=Drift,
        decided_by={
            "champion": record_file(champion / BUNDLE_FILE).sha256,
            "reviews": reviews.content_hash,
            "code": describe_code(MEASURE, without=RUN_NO_MODEL),
            "libraries": library_versions(*LIBRARIES),
        },
    )

    def make(folder: Path) -> Drift:
        # Imported here because most flows never measure drift. It needs no process of its own: it holds one batch of
        # tokens at a time, and no model.
        from tasks.drift.measure import measure_drift

        return measure_drift(champion, data_dir / reviews.folder, folder, counts=reviews.facts.counts["train"])

    state = produce_in_task(output, make)
    if state.is_completed():
        show(cast("Manifest[Drift]", state.data).facts)
    return state


def show(drift: Drift) -> None:
    """Show the summary in the Prefect UI and log it, as a warning if something moved."""
    create_markdown_artifact(key="drift", markdown=render_drift(drift), description=describe_drift(drift))
    logger = get_run_logger()
    log = logger.info if drift.level == STABLE else logger.warning
    log("%s", describe_drift(drift))
