"""From command-line arguments to a checked configuration, with errors that help, before anything slow is imported."""

import argparse
from collections.abc import Sequence
from typing import Any, Final, NoReturn

from pydantic import ValidationError
from pydantic_settings import BaseSettings, CliApp, CliSettingsSource

from tasks.config import RunConfig, check_environment, describe_errors, describe_tables
from tasks.errors import UserError, did_you_mean

METAVARS: Final = {"int": "N", "float": "NUMBER", "Path": "PATH", "str": "NAME", "tuple[str,...]": "NAME,..."}


class Parser(argparse.ArgumentParser):
    """An argument parser that raises UserError, with a suggestion where a flag is nearly right."""

    def error(self, message: str) -> NoReturn:
        """Turn argparse's message into one line with a remedy."""
        flags = sorted(flag for action in self._actions for flag in action.option_strings if flag.startswith("--"))
        unknown = message.removeprefix("unrecognized arguments:").strip().partition(" ")[0].partition("=")[0]
        if not message.startswith("unrecognized arguments"):
            raise UserError(f"{message}; see --help.")
        raise UserError(
            f"unknown argument {unknown!r}; expected one of {', '.join(flags)}.{did_you_mean(unknown, flags)}"
        )


def parse_command_line(arguments: Sequence[str], *, program: str) -> RunConfig:
    """Build the configuration from arguments, environment and config file.

    Raises UserError on anything unknown or out of bounds, and SystemExit(0) after printing --help.
    """
    check_environment()
    parser = Parser(
        prog=program,
        description=RunConfig.__doc__,
        epilog=describe_tables(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    source: CliSettingsSource[BaseSettings] = CliSettingsSource(
        RunConfig,
        root_parser=parser,
        add_argument_method=add_argument,
        cli_kebab_case=True,
        cli_hide_none_type=True,
        cli_avoid_json=True,
    )
    try:
        return CliApp.run(RunConfig, cli_args=list(arguments), cli_settings_source=source)
    except ValidationError as error:
        raise UserError(describe_errors(error)) from error


def add_argument(parser: Any, *names: str, **options: Any) -> Any:
    """Add one flag, with a short word for its value and without a default that says nothing."""
    if "metavar" in options:
        options["metavar"] = METAVARS.get(options["metavar"], options["metavar"])
    options["help"] = (
        options.get("help", "").replace(" (default: None)", "").replace(" (default: ())", "").replace("%", "%%")
    )
    return parser.add_argument(*names, **options)
