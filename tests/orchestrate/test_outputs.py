import logging

import pytest
from prefect.exceptions import ParameterTypeError
from prefect.logging.loggers import get_logger

from tasks.errors import TrainingError, UserError
from tasks.orchestrate.outputs import is_news

NOTHING = (None, None, None)


def make_record(error: Exception | None) -> logging.LogRecord:
    """What is logged while `error`, or none, is handled."""
    found = NOTHING if error is None else (type(error), error, None)
    return logging.LogRecord("prefect.flow_runs", logging.ERROR, "", 0, "ended", None, found)


@pytest.mark.parametrize("error", [UserError("bad data; mend it"), TrainingError("killed"), None])
def test_failure_that_its_state_explains_is_not_logged_again(error: Exception | None) -> None:
    assert not is_news(make_record(error))


def test_unexpected_error_is_logged() -> None:
    assert is_news(make_record(ValueError("a bug")))


def test_parameters_that_do_not_fit_are_told_in_words() -> None:
    record = make_record(ParameterTypeError("config: --output is missing"))
    assert is_news(record)
    assert (record.getMessage(), record.exc_info) == ("config: --output is missing", None)


def test_line_without_an_error_is_logged() -> None:
    assert is_news(logging.LogRecord("prefect.flow_runs", logging.ERROR, "", 0, "ended", None, None))


@pytest.mark.parametrize("name", ["flow_runs", "task_runs"])
def test_loggers_of_runs_ask(name: str) -> None:
    assert is_news in get_logger(name).filters
