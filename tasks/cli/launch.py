"""Start a flow from the command line: settings are checked first, slow imports come after."""

import importlib
import logging
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import NoReturn

from tasks.cli.parsing import Config, parse_command_line
from tasks.errors import TrainingError, UserError
from tasks.ingest.datasets import choose_dataset
from tasks.orchestrate.temporary_server import start_unless_configured
from tasks.process.quiet_imports import garbage_left_alone
from tasks.settings.base import FlowConfig
from tasks.settings.probe import ProbeConfig
from tasks.settings.run import RunConfig
from tasks.train.identity import check_backend
from tasks.train.kernels.choice import choose_kernels

USAGE_STATUS = 2
INTERRUPT_STATUS = 130
BROKEN_PIPE_STATUS = 141


def launch(
    module: str,
    config_class: type[Config],
    check: Callable[[Config], None],
    answer: Callable[[Config], bool] | None = None,
) -> int:
    """Build the flow's configuration and `check` it, then call `main(config)` of the flow's module.

    `answer`, if given, may do without the flow what needs no Prefect, and tells whether it did. Returns the exit
    status; bad usage, bad data and a killed child are one line on standard error and status 2.
    """
    signal.signal(signal.SIGTERM, exit_on_signal)
    try:
        config = parse_command_line(sys.argv[1:], config_class, program=f"python {module.replace('.', '/')}.py")
        check(config)
        if answer is not None and answer(config):
            return 0
        return start_flow(module, config)
    except (TrainingError, UserError) as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE_STATUS
    except BrokenPipeError:
        # Who reads standard output, such as `head`, has enough; nor can the rest be written at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE_STATUS
    except KeyboardInterrupt:
        print("stopped; run the same command again to go on", file=sys.stderr)
        return INTERRUPT_STATUS


def start_flow(module: str, config: FlowConfig) -> int:
    """Import the flow while its server comes up, and run it."""
    # TFDS leaves a handler on the root logger, which would keep Prefect from setting up its own.
    logging.getLogger().handlers.clear()
    server = start_unless_configured()
    with garbage_left_alone():
        main = importlib.import_module(module).main
    if server:
        server.wait_until_ready()
    return int(main(config))


def exit_on_signal(number: int, _frame: FrameType | None) -> NoReturn:
    """Leave in an orderly way, so that Prefect's temporary server is stopped too."""
    sys.exit(128 + number)


def check_run(config: RunConfig) -> None:
    """Raise UserError for what a run would fail on: folders that cannot be written, a dataset that cannot be had."""
    check_training(config)
    choose_dataset(config.dataset, config.data_dir, config.files)


def check_training(config: RunConfig | ProbeConfig) -> None:
    """Raise UserError for what every training would fail on: no backend or kernels, folders that cannot be written."""
    choose_kernels(config.kernels, backend=check_backend())
    check_writable(config.data_dir, "--data-dir")
    check_writable(config.artifacts_dir, "--artifacts-dir")


def check_writable(folder: Path, flag: str) -> None:
    """Create the folder if need be, and a file in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UserError(
            f"{flag} {str(folder)!r} cannot be written: {error.strerror}; expected a folder that can. Choose another."
        ) from error
