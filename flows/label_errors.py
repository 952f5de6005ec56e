"""List the labels of a dataset that are probably wrong, and say what setting them right would bring."""

import sys

if __name__ == "__main__":
    # Ahead of the other imports, so that --help and usage errors do not wait for Prefect.
    from tasks.cli.main import run_script

    sys.exit(run_script("label-errors"))

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prefect import flow, runtime
from prefect.client.schemas import State
from prefect.states import Failed

from tasks.audit.facts import FILE, LabelErrors
from tasks.audit.task import audit_labels
from tasks.contest.task import ingest_dataset
from tasks.encode.encodings import ENCODINGS
from tasks.encode.facts import EncodingChoice
from tasks.encode.task import choose_kind_of_encoding
from tasks.errors import TrainingError, UserError
from tasks.formatting.addresses import spell_place
from tasks.formatting.control import escape_control
from tasks.ingest.datasets import AUTO, Choice, is_familiar
from tasks.ingest.facts import ReviewsManifest
from tasks.orchestrate.alerts import alert_of_end
from tasks.orchestrate.outputs import name_results, run
from tasks.orchestrate.turns import work_in_turn
from tasks.report.audit.folder import CSV, PAGE
from tasks.report.audit.sentences import describe_headline, describe_set_right, warn_of_fallback
from tasks.report.task import write_label_errors
from tasks.settings.label_errors import LabelErrorsConfig
from tasks.store.usage import LOCK_FOLDER
from tasks.train.variants import WORDS


def name_run() -> str:
    """Name the flow run after what it does: "imdb-reviews · 5 folds"."""
    config = LabelErrorsConfig.model_validate(runtime.flow_run.parameters["config"])
    return f"{config.dataset_name.replace('_', '-')} · {config.folds} folds"


@flow(
    name="label-errors",
    flow_run_name=name_run,
    on_failure=[alert_of_end],
    on_crashed=[alert_of_end],
    on_cancellation=[alert_of_end],
)
def find_label_errors(config: LabelErrorsConfig = LabelErrorsConfig()) -> Path | State[Any]:
    """Ingest, judge the labels, report; returns the folder of the report. Ends as Failed if the data cannot be used."""
    return work_in_turn(lambda: audit_and_report(config), locks=config.artifacts_dir / LOCK_FOLDER)


def audit_and_report(config: LabelErrorsConfig) -> Path | State[Any]:
    """Do the work of the flow."""
    started = datetime.now(UTC)
    try:
        choice, reviews = ingest_dataset(config)
        audit = run(
            audit_labels,
            config.choose_baselines(choose_encoding(config, choice, reviews)),
            reviews,
            folds=config.folds,
            data_dir=config.data_dir,
            artifacts_dir=config.artifacts_dir,
        )
        return write_label_errors(
            audit,
            run_id=name_results(started),
            config_json=config.model_dump_json(indent=2),
            fallback_reason=choice.reason if choice.is_fallback else None,
            artifacts_dir=config.artifacts_dir,
        )
    except (TrainingError, UserError) as error:
        return Failed(message=str(error), data=error)


def choose_encoding(config: LabelErrorsConfig, choice: Choice, reviews: ReviewsManifest) -> EncodingChoice | None:
    """Choose whether the texts ask for characters; None for datasets that are known not to."""
    if is_familiar(choice.dataset):
        return None
    vocab_size = ENCODINGS[WORDS].vocab_size
    return choose_kind_of_encoding(AUTO, reviews, data_dir=config.data_dir, vocab_size=vocab_size)


def main(config: LabelErrorsConfig) -> int:
    """Run the flow and print what was found, the paths of the list and of the report last; returns the exit status."""
    outcome: Any = find_label_errors(config, return_state=True).result(raise_on_failure=False)
    if isinstance(outcome, BaseException):
        raise outcome
    found = LabelErrors.read(outcome / FILE)
    for line in filter(None, (warn_of_fallback(found), describe_headline(found), describe_set_right(found))):
        print(escape_control(line))
    print(spell_place(outcome / CSV))
    print(spell_place(outcome / PAGE))
    return 0
