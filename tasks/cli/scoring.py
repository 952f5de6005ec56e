"""The parts of scoring that need no Prefect: its checks, and the answer to single texts."""

import os
import sys

from tasks.cli.checks import check_writable
from tasks.errors import UserError
from tasks.evaluate.bundle import find_bundle
from tasks.evaluate.fast import load_fast_bundle, needs_keras
from tasks.ingest.files.fetching import fetch_path
from tasks.predict.job import Job, check_job
from tasks.predict.scoring import describe_additions
from tasks.predict.single import read_chunks, score_stream
from tasks.process.quiet_imports import garbage_left_alone, import_quietly, leave_pandas_out
from tasks.promote.champion import check_current
from tasks.promote.shared import receive_model
from tasks.settings.predict import STANDARD_INPUT, PredictConfig
from tasks.train.identity import check_backend


def make_job(config: PredictConfig) -> Job:
    """Build the job that the settings describe; raises UserError when --output is missing."""
    if config.output is None:
        raise UserError("--output is missing; expected a file that ends in .parquet, .csv or .jsonl.")
    return Job(
        files=config.files,
        url=config.url,
        model_folder=config.model_folder,
        output=config.output,
        prefix=config.prefix,
        min_confidence=config.min_confidence,
        explain=config.explain,
        escape_formulas=config.escape_formulas,
    )


def check_prediction(config: PredictConfig) -> None:
    """Raise UserError for what would make scoring fail."""
    check_backend()
    receive_model(config.model_folder)
    check_current(config.model_folder)
    if config.text is not None:
        # Its files are checked when it is loaded, which follows at once.
        find_bundle(config.model_folder)
        return
    job = make_job(config)
    if job.url is None:
        fetch_path(job.files.path, "--input")
    check_job(job)
    check_writable(job.output.parent, "the folder of --output")
    check_writable(config.artifacts_dir, "--artifacts-dir")


def answer_at_once(config: PredictConfig) -> bool:
    """Score --text, or each line of standard input, and print the results; returns False when there is a file to score.

    Each result is a line of JSON.
    """
    if config.text is None:
        return False
    leave_pandas_out()
    with garbage_left_alone():
        bundle = load_fast_bundle(config.model_folder)
    if needs_keras(bundle.classifier):
        import_quietly("tasks.train.predict")
    additions = describe_additions(
        bundle.facts, prefix=config.prefix, min_confidence=config.min_confidence, explain=config.explain
    )
    is_stream = config.text == STANDARD_INPUT
    chunks = read_chunks(sys.stdin.buffer) if is_stream else [[os.fsencode(config.text)]]
    for answers in score_stream(chunks, bundle, additions):
        sys.stdout.buffer.writelines(f"{answer}\n".encode() for answer in answers)
        sys.stdout.buffer.flush()
    return True
