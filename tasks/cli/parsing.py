"""From command-line arguments to a checked configuration, with helpful errors, before anything slow is imported."""

import argparse
import ast
import re
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any, Final, NoReturn, TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings, CliApp, CliSettingsSource

from tasks.cli.commands import list_settings
from tasks.errors import UserError, did_you_mean
from tasks.settings.base import FlowConfig, check_environment, describe_errors
from tasks.settings.predict import STANDARD_INPUT

# The word that --help shows for a value: by the type of the setting, or by its flag where the type says too little.
METAVARS: Final = {
    "int": "N",
    "float": "NUMBER",
    "Path": "PATH",
    "str": "NAME",
    "tuple[str,...]": "NAME,...",
    "tuple[int,...]": "N,...",
    "--delimiter": "CHAR",
    "--line-pattern": "REGEX",
    "--clean-older-than": "AGE",
    "--older-than": "AGE",
    "--disk-budget": "SIZE",
    "--host": "ADDRESS",
    "--scheduler": "ADDRESS",
    "--scheduler-host": "ADDRESS",
    "--max-body": "SIZE",
    "--prefix": "TEXT",
    "--query": "SQL",
    "--own-baselines": "JSON",
    "--own-variants": "JSON",
    "--records-at": "KEY",
    "--shard": "PART/PARTS",
    "--sizes": "SIZE,...",
    "--text": "TEXT",
    "--to": "BUNDLE",
}
DEFAULT: Final = re.compile(r"(.*) \(default: (.*)\)", re.DOTALL)

Config = TypeVar("Config", bound=FlowConfig)


class Parser(argparse.ArgumentParser):
    """An argument parser that raises UserError, with a suggestion for a misspelt flag; flags go to the latest group."""

    group: Any = None

    def error(self, message: str) -> NoReturn:
        """Turn argparse's message into one line with a remedy."""
        flags = sorted(flag for action in self._actions for flag in action.option_strings if flag.startswith("--"))
        unknown = message.removeprefix("unrecognized arguments:").strip().partition(" ")[0].partition("=")[0]
        if not message.startswith("unrecognized arguments"):
            raise UserError(f"{message}; see --help.")
        raise UserError(
            f"unknown argument {unknown!r}; expected one of {', '.join(flags)}.{did_you_mean(unknown, flags)}"
        )


def parse_command_line(arguments: Sequence[str], config: type[Config], *, program: str) -> Config:
    """Build a flow's configuration from arguments, environment and config file.

    Raises UserError on anything unknown or out of bounds, and SystemExit(0) after printing --help.
    """
    check_environment(*list_settings())
    arguments = spell_dash(arguments) if "text" in config.model_fields else arguments
    parser = Parser(
        prog=program,
        usage="%(prog)s [flags]",
        description=config.__doc__,
        epilog=config.describe_choices(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    source: CliSettingsSource[BaseSettings] = CliSettingsSource(
        config,
        root_parser=parser,
        add_argument_method=partial(add_argument, headings=config.headings, unused=config.unused),
        cli_kebab_case=True,
        cli_hide_none_type=True,
        cli_avoid_json=True,
    )
    try:
        return CliApp.run(config, cli_args=list(arguments), cli_settings_source=source)
    except ValidationError as error:
        raise UserError(describe_errors(error, config)) from error


def spell_dash(arguments: Sequence[str]) -> list[str]:
    """Replace a lone dash by --text=-, which reads standard input; keep a dash that is a flag's value.

    spell_dash(["-"]) -> ["--text=-"]; spell_dash(["--text", "-"]) -> ["--text", "-"].
    """
    *others, last = arguments or [""]
    is_lone = last == STANDARD_INPUT and (not others or not others[-1].startswith("--") or "=" in others[-1])
    return [*others, f"--text={STANDARD_INPUT}"] if is_lone else list(arguments)


def add_argument(
    parser: Any, *names: str, headings: Mapping[str, str], unused: Collection[str], **options: Any
) -> None:
    """Add one flag under its heading, with a short word for its value and its default as it would be typed."""
    if options["dest"] in unused:
        return
    if "metavar" in options:
        # What there is to choose from says more than any word.
        is_choice = options["metavar"].startswith("{")
        known = None if is_choice else METAVARS.get(names[-1])
        options["metavar"] = known or METAVARS.get(options["metavar"], options["metavar"])
    options["help"] = tidy_default(options.get("help", "")).replace("%", "%%")
    if heading := headings.get(options["dest"]):
        parser.group = parser.add_argument_group(heading)
    (parser.group or parser).add_argument(*names, **options)


def tidy_default(text: str) -> str:
    """Write the default at the end of a help text as it would be typed, and drop an empty one.

    tidy_default("models (default: ('lstm', 'gru'))") -> "models (default: lstm,gru)".
    """
    match = DEFAULT.fullmatch(text)
    if not match:
        return text
    if match[2] in {"", "None", "()", "{}"}:
        return match[1]
    value = ",".join(map(str, ast.literal_eval(match[2]))) if match[2].startswith("(") else match[2]
    return f"{match[1]} (default: {value})"
