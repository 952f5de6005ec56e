"""Start a flow from the command line: check the settings first, then do the slow imports."""

import importlib
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any, NoReturn

from tasks.cli.commands import Command, load
from tasks.cli.parsing import parse_command_line
from tasks.errors import TrainingError, UserError
from tasks.orchestrate.discretion import log_discreetly
from tasks.process.quiet_imports import garbage_left_alone
from tasks.settings.base import ENV_PREFIX, FlowConfig
from tasks.store.scratch import use_own_folder

USAGE_STATUS = 2
INTERRUPT_STATUS = 130
BROKEN_PIPE_STATUS = 141


def launch(command: Command, arguments: Sequence[str], *, program: str) -> int:
    """Build and check the settings of a command's flow, then call `main(config)` of the flow's module.

    Returns the exit status. Bad usage, bad data and a killed child give one line on standard error and status 2.
    """
    signal.signal(signal.SIGTERM, exit_on_signal)
    log_discreetly()
    try:
        with garbage_left_alone():
            config = parse_command_line(arguments, command.load_settings(), program=program)
            if command.check:
                load(command.check)(config)
        if command.answer and load(command.answer)(config):
            return 0
        return start_flow(command.flow, config, needs_server=command.needs_server)
    except (TrainingError, UserError) as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE_STATUS
    except BrokenPipeError:
        # The reader of standard output, such as `head`, has closed it, so Python could not flush the rest at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE_STATUS
    except KeyboardInterrupt:
        print("stopped; run the same command again to resume", file=sys.stderr)
        return INTERRUPT_STATUS


def start_flow(module: str, config: FlowConfig, *, needs_server: bool) -> int:
    """Import the flow while its server starts up, and run it; returns the exit status."""
    # Answers without a flow need no client of a server.
    from tasks.orchestrate.temporary_server import start_unless_configured

    use_own_folder()
    # TFDS leaves a handler on the root logger, which would prevent Prefect from setting up its own.
    logging.getLogger().handlers.clear()
    server = start_unless_configured() if needs_server else None
    main = load_main(module)
    if server:
        server.wait_until_ready()
        if sys.stderr.isatty():
            print(f"Prefect's page of this run asks for a password: {server.password}", file=sys.stderr)
    return main(config)


def load_main(module: str) -> Callable[[Any], int]:
    """Import a flow, hiding the settings in the environment, and return its main function.

    The import reads default settings. The run gets its own, in which flags have joined the environment; alone, the
    environment may not be valid.
    """
    hidden = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith(ENV_PREFIX)}
    try:
        with garbage_left_alone():
            main: Callable[[Any], int] = importlib.import_module(module).main
            return main
    finally:
        os.environ.update(hidden)


def exit_on_signal(number: int, _frame: FrameType | None) -> NoReturn:
    """Exit normally, so that Prefect's temporary server is stopped too."""
    sys.exit(128 + number)
