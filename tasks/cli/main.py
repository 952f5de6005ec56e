"""The `bakeoff` command: each flow under a short name."""

import sys
from typing import Final

from tasks.cli.commands import COMMANDS, find_command, load
from tasks.cli.launch import USAGE_STATUS, launch
from tasks.errors import UserError
from tasks.store.layout import CHECKOUT

PROGRAM: Final = "bakeoff"
# What flows/deploy.py does, whose settings are not those of a flow.
DEPLOYING: Final = {
    "serve": "run the deployments in flows/prefect.yaml when they are due",
    "worker": "run what a Prefect work pool hands to this machine",
}


def main(arguments: list[str] | None = None) -> int:
    """Run a command with its arguments; returns the exit status."""
    name, *others = (sys.argv[1:] if arguments is None else arguments) or ["--help"]
    if name in {"-h", "--help"}:
        print(describe_commands())
        return 0
    if name == "--version":
        from importlib import metadata

        print(metadata.version("sequence-bakeoff"))
        return 0
    try:
        check_checkout()
        if name in DEPLOYING:
            # Prefect is imported only here.
            return int(load("flows.deploy:main")([name, *others], program=PROGRAM))
        command = find_command(name, others=[*DEPLOYING])
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE_STATUS
    return launch(command, others, program=f"{PROGRAM} {name}")


def run_script(name: str) -> int:
    """Run a command from its flow's own file, with the arguments of this process; returns the exit status."""
    command = COMMANDS[name]
    return launch(command, sys.argv[1:], program=command.script)


def check_checkout() -> None:
    """Raise UserError when the package runs without its checkout, which holds the deployments, data and artifacts."""
    if not (CHECKOUT / "flows" / "prefect.yaml").is_file():
        raise UserError(
            f"{str(CHECKOUT)!r} is not a checkout of the project; expected flows/prefect.yaml in it. "
            "Install from a clone with: pip install -e ."
        )


def describe_commands() -> str:
    """List the commands, one per line."""
    rows = {**{command.name: command.summary for command in COMMANDS.values()}, **DEPLOYING}
    width = max(map(len, rows))
    lines = [f"  {name:<{width}}  {summary}" for name, summary in rows.items()]
    usage = f"usage: {PROGRAM} COMMAND [--flag VALUE ...]"
    return "\n".join([usage, "", "commands:", *lines, "", f"Each command has its own help: {PROGRAM} train --help"])
