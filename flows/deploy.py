"""Run the deployments of prefect.yaml: `serve` on one machine, `worker` on each of several that share a work pool."""

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import Any, Final, NoReturn, cast, get_type_hints

import yaml

from tasks.orchestrate.discretion import log_discreetly

# Ahead of Prefect, because an error in its settings shows their values.
log_discreetly()

from prefect import Flow, serve
from prefect.cli import app as prefect_command
from prefect.client.schemas.schedules import CronSchedule
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import PrefectHTTPStatusError
from prefect.flows import load_flow_from_entrypoint
from pydantic import ValidationError

from tasks.cli.commands import list_settings
from tasks.errors import UserError
from tasks.formatting.redaction import redact
from tasks.orchestrate.login import find_server
from tasks.orchestrate.settling import settling
from tasks.orchestrate.temporary_server import REMEDY, check_server
from tasks.settings.base import FlowConfig, check_environment, describe_errors
from tasks.store.layout import CHECKOUT

FILE: Final = Path(__file__).with_name("prefect.yaml")
POOL: Final = "bakeoff"
USAGE_STATUS: Final = 2


def main(arguments: list[str], *, program: str = "python flows/deploy.py") -> int:
    """Run what is due until interrupted; returns the exit status."""
    options = parse(arguments, program=program)
    try:
        check_environment(*list_settings())
        check_configured(find_server())
        options.run(options)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE_STATUS
    except PrefectHTTPStatusError as error:
        print(f"error: the Prefect server rejected the deployments: {redact(str(error))}", file=sys.stderr)
        return USAGE_STATUS
    return 0


def parse(arguments: list[str], *, program: str) -> argparse.Namespace:
    """Read the command line; `run` is what it asks for, `others` what Prefect's worker shall understand."""
    parser = argparse.ArgumentParser(prog=program, description=__doc__, allow_abbrev=False)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    add_serve(commands)
    add_worker(commands)
    options, others = parser.parse_known_args(arguments)
    if others and options.run is not run_worker:
        parser.error(f"unrecognized arguments: {' '.join(others)}")
    options.others = others
    return options


def add_serve(commands: Any) -> None:
    """Add the command `serve`."""
    text = "Make the deployments and run what is due, on this machine alone; no work pool or worker is needed."
    command = commands.add_parser(
        "serve", help="make the deployments and run what is due", description=text, allow_abbrev=False
    )
    command.add_argument(
        "--cron",
        metavar="CRON",
        help='when the nightly run is due, as a cron expression in UTC [prefect.yaml: "0 2 * * *"]',
    )
    command.set_defaults(run=run_served)


def add_worker(commands: Any) -> None:
    """Add the command `worker`."""
    text = (
        "Run what a work pool hands to this machine, and report runs that have died here. "
        "Further arguments are those of: prefect worker start."
    )
    command = commands.add_parser(
        "worker", help="run what a work pool hands to this machine", description=text, allow_abbrev=False
    )
    command.add_argument("-p", "--pool", default=POOL, metavar="NAME", help=f"the work pool [{POOL}]")
    command.set_defaults(run=run_worker)


def run_served(options: argparse.Namespace) -> None:
    """Make the deployments and serve them until interrupted."""
    # Entrypoints are relative to the checkout, wherever this is started from.
    os.chdir(CHECKOUT)
    deployments = [make_deployment(entry, cron=options.cron) for entry in read_deployments(FILE)]
    with settling():
        serve(*deployments)


def run_worker(options: argparse.Namespace) -> NoReturn:
    """Run Prefect's own worker in this process, which ends as it does: with SystemExit."""
    # The worker turns SIGTERM into SIGINT, and a shell makes its background jobs ignore that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["prefect", "worker", "start", f"--pool={options.pool}", *options.others]
    with settling():
        prefect_command()
    sys.exit(0)


def check_configured(url: str | None) -> None:
    """Raise UserError unless a server answers; a schedule needs one that outlives this process."""
    if not url:
        raise UserError(f"no Prefect server is configured; expected the address of one in PREFECT_API_URL. {REMEDY}")
    check_server(url)


def read_deployments(path: Path) -> list[dict[str, Any]]:
    """Read the deployments that `prefect deploy` would make."""
    entries: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))["deployments"]
    return entries


def make_deployment(entry: dict[str, Any], *, cron: str | None) -> RunnerDeployment:
    """Make one deployment as prefect.yaml describes it; `cron` replaces the time of its schedule, if it has one."""
    flow: Flow[..., Any] = load_flow_from_entrypoint(entry["entrypoint"])
    deployment = flow.to_deployment(
        entry["name"],
        schedules=[make_schedule(cron or it["cron"], it["timezone"]) for it in entry["schedules"] or []],
        parameters=fit_parameters(entry, get_type_hints(flow.fn)["config"]),
        description=entry["description"],
        tags=entry["tags"],
    )
    # `to_deployment` returns a coroutine only if it is called from one.
    return cast("RunnerDeployment", deployment)


def fit_parameters(entry: dict[str, Any], config: type[FlowConfig]) -> dict[str, Any]:
    """Check a deployment's settings like flags, and write them as the server expects: one name becomes a list.

    Raises UserError for an unknown setting or an invalid value. Settings that are incomplete without those of a single
    run are returned unchanged.
    """
    parameters: dict[str, Any] = entry.get("parameters") or {}
    if others := parameters.keys() - {"config"}:
        names = ", ".join(map(repr, sorted(others)))
        raise UserError(f"prefect.yaml: {entry['name']} has the parameters {names}; expected settings under config.")
    try:
        checked = config.model_validate(parameters.get("config") or {})
    except ValidationError as error:
        if any(finding["loc"] for finding in error.errors()):
            raise UserError(f"prefect.yaml: {entry['name']}: {describe_errors(error, config)}") from error
        return parameters
    return {"config": checked.model_dump(mode="json", exclude_unset=True)}


def make_schedule(cron: str, timezone: str) -> CronSchedule:
    """Make a schedule; raises UserError when `cron` is not a cron expression."""
    try:
        return CronSchedule(cron=cron, timezone=timezone)
    except ValidationError as error:
        raise UserError(
            f"--cron {cron!r} is not a cron expression; expected minute, hour, day, month and weekday, such as "
            "'0 2 * * *'."
        ) from error


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
