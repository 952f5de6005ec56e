"""Tune every chosen model with the same budget, compare the tuned models with the others, and keep the settings."""

import sys

if __name__ == "__main__":
    # Ahead of the other imports, so that --help and usage errors do not wait for Prefect.
    from tasks.cli.main import run_script

    sys.exit(run_script("tune"))

from typing import Any

from prefect import flow
from prefect.client.schemas import State

from flows.train_all import finish, name_run, train_and_clean
from tasks.formatting.addresses import spell_place
from tasks.orchestrate.alerts import alert_of_end
from tasks.orchestrate.turns import work_in_turn
from tasks.settings.tune import TuneConfig
from tasks.store.layout import RUNS, TUNED
from tasks.store.usage import LOCK_FOLDER


@flow(
    name="tune",
    flow_run_name=name_run,
    on_failure=[alert_of_end],
    on_crashed=[alert_of_end],
    on_cancellation=[alert_of_end],
)
def tune_models(config: TuneConfig = TuneConfig()) -> dict[str, Any] | State[Any]:
    """Do what `train_all` does with --tune; returns the content of leaderboard.json."""
    return work_in_turn(lambda: train_and_clean(config), locks=config.artifacts_dir / LOCK_FOLDER)


def main(config: TuneConfig) -> int:
    """Run the flow and print the leaderboard and, last, the path of the chosen settings; returns the exit status."""
    outcome: Any = tune_models(config, return_state=True).result(raise_on_failure=False)
    status, leaderboard = finish(config, outcome)
    print(spell_place(config.artifacts_dir / RUNS / leaderboard.run.id / TUNED))
    return status
