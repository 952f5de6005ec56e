"""Score every row of a file with a trained model."""

import sys

if __name__ == "__main__":
    # Ahead of the other imports, so that --help and usage errors do not wait for Prefect.
    from tasks.cli.main import run_script

    sys.exit(run_script("predict"))

from pathlib import Path
from typing import Any

from prefect import flow, runtime
from prefect.client.schemas import State
from prefect.states import Failed

from tasks.cli.scoring import check_prediction, make_job
from tasks.errors import TrainingError, UserError
from tasks.orchestrate.alerts import alert_of_end
from tasks.orchestrate.outputs import run
from tasks.orchestrate.registry import find_folder
from tasks.orchestrate.turns import work_in_turn
from tasks.predict.facts import ScoringFacts
from tasks.predict.tables import list_results
from tasks.predict.task import score_texts
from tasks.settings.base import spell_copies
from tasks.settings.predict import PredictConfig


def name_run() -> str:
    """Name the flow run after what it does: "reviews.csv → scored.parquet"."""
    config = runtime.flow_run.parameters["config"]
    return " → ".join(Path(place).name for place in (config.input, config.output) if place)


@flow(
    name="predict",
    flow_run_name=name_run,
    on_failure=[alert_of_end],
    on_crashed=[alert_of_end],
    on_cancellation=[alert_of_end],
)
def predict(config: PredictConfig) -> ScoringFacts | State[Any]:
    """Score a file; returns counts, speed and, with a label column, metrics. Ends as Failed on bad usage or data."""
    # The artifacts are only read, and may lie on a disk that cannot be written.
    return work_in_turn(lambda: check_and_score(config), locks=find_folder())


def check_and_score(config: PredictConfig) -> ScoringFacts | State[Any]:
    """Do the work of the flow."""
    try:
        check_prediction(config)
        return run(score_texts, make_job(config), artifacts_dir=config.artifacts_dir)
    except (TrainingError, UserError) as error:
        return Failed(message=str(error), data=error)


def main(config: PredictConfig) -> int:
    """Run the flow and print the result, the output's path last; returns the exit status."""
    outcome: Any = predict(config, return_state=True).result(raise_on_failure=False)
    if isinstance(outcome, BaseException):
        raise outcome
    results = list_results(outcome)
    width = max(len(row["result"]) for row in results)
    for row in results:
        print(f"{row['result']:<{width}}  {row['value']}")
    print(spell_copies(config.output))
    return 0
