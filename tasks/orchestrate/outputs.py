"""What the Prefect tasks of all rooms share: producing an output, showing reuse as Cached, failing without noise."""

import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar, cast

from prefect import Task
from prefect.client.schemas import State
from prefect.exceptions import ParameterTypeError
from prefect.logging import get_logger, get_run_logger
from prefect.runtime import flow_run, task_run
from prefect.states import Completed, Failed

from tasks.errors import TrainingError, UserError, disk_errors_explained
from tasks.orchestrate.discretion import log_discreetly
from tasks.process.time_budget import LeftOutError
from tasks.store.outputs import FactsT, Manifest, Output, produce

Result = TypeVar("Result")


def is_news(record: logging.LogRecord) -> bool:
    """Tell whether to log a record; False for one that repeats a failure whose state already gives the reason.

    Prefect logs the Failed state of a task a second time, as an error without an exception. A worker's engine logs the
    exception in the Failed state of a flow as an unexpected one, with its traceback. Invalid parameters are logged as
    one message, without a traceback.
    """
    if not record.exc_info:
        return True
    error = record.exc_info[1]
    if isinstance(error, ParameterTypeError):
        record.msg, record.args, record.exc_info, record.exc_text = str(error), (), None, None
        return True
    return error is not None and not isinstance(error, TrainingError | UserError)


# Here and not in `launch`, because Prefect's workers start the flows too.
log_discreetly()
for name in ("flow_runs", "task_runs"):
    get_logger(name).addFilter(is_news)


def produce_in_task(output: Output[FactsT], make: Callable[[Path], FactsT]) -> State[Manifest[FactsT]]:
    """Reuse or make an output, and end the task as Cached or Completed, with the reason as its message.

    A TrainingError, UserError or disk error ends the task as Failed, without a traceback, and a LeftOutError as Left
    out, because nothing is wrong.
    """
    logger = get_run_logger()
    try:
        with disk_errors_explained(output.root):
            produced = produce(
                output, make, on_wait=lambda: logger.info("%s: waiting for another run that makes it", task_run.name)
            )
    except (TrainingError, UserError) as error:
        return Failed(message=str(error), data=error)
    except LeftOutError as error:
        return Completed(name="Left out", message=str(error), data=cast("Any", error))
    return Completed(name="Cached" if produced.reused else None, message=produced.reason, data=produced.manifest)


def name_results(started: datetime) -> str:
    """Name the folder of a run's results after its start and its flow run."""
    return f"{started:%Y%m%d-%H%M%S}-{str(flow_run.id)[:8]}"


def run(task: Task[..., State[Result]], *arguments: Any, **options: Any) -> Result:
    """Run a task that returns a state, and return its result; raises the error that it failed with, or LeftOutError."""
    state: State[Result] = task(*arguments, return_state=True, **options)
    result = state.result()
    if isinstance(result, LeftOutError):
        raise result
    return result
