"""Checks of what unattended runs need besides the disk: the server, deployments, runs that have died, the webhook."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import httpx

from tasks.doctor.findings import Finding, look
from tasks.orchestrate.inspection import DeploymentFacts, ServerFacts, inspect_server
from tasks.orchestrate.login import find_server
from tasks.orchestrate.settling import find_unsettled, settle_dead_runs
from tasks.orchestrate.temporary_server import REMEDY, check_server
from tasks.orchestrate.webhook import VARIABLE, call_webhook

FLOWS: Final = ("train-all", "predict", "probe-context", "learning-curve")
SERVE: Final = "Start one with: bakeoff serve, or a worker."


def check_services(*, fix: bool) -> Iterator[Finding]:
    """Check the server, and what it knows. Raises UserError when it does not answer."""
    url = find_server()
    if url is None:
        yield look(
            "server",
            f"none is configured, so nothing runs unattended; expected its address in PREFECT_API_URL. {REMEDY}",
        )
        return
    check_server(url)
    try:
        server = inspect_server(list(FLOWS))
        yield check_version(server)
        yield from check_deployments(server.deployments)
        yield from check_runs(fix=fix)
    except (httpx.HTTPError, ValueError) as error:
        yield look("server", f"{url} does not serve this client: {describe_refusal(error)}. Look at the server's log.")


def describe_refusal(error: Exception) -> str:
    """Name a refusal by its status, and an answer that cannot be read, or none, by the kind of error."""
    return f"status {error.response.status_code}" if isinstance(error, httpx.HTTPStatusError) else type(error).__name__


def check_version(server: ServerFacts) -> Finding:
    """Compare the server's version with this client's."""
    message = f"{server.url} answers, Prefect {server.version}"
    if server.version.split(".")[:2] != server.client_version.split(".")[:2]:
        return look("server", f"{message}; expected {server.client_version}, as here. Install that version there.")
    return Finding("server", message)


def check_deployments(deployments: list[DeploymentFacts]) -> Iterator[Finding]:
    """Say of each deployment whether somebody serves it and when it is due."""
    if not deployments:
        yield look("deployments", f"there are none; expected somebody to serve them. {SERVE}")
    for it in sorted(deployments):
        due = f"due {it.next_due.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if it.next_due else "not scheduled"
        if it.is_late:
            yield look(it.name, f"was {due} and has not started; expected somebody to serve it. {SERVE}")
        elif it.is_scheduled and not it.is_served:
            yield look(it.name, f"{due}, but nobody serves it. {SERVE}")
        else:
            yield Finding(it.name, due)


def check_runs(*, fix: bool) -> Iterator[Finding]:
    """Find the runs of this machine that have died without a report; with `fix`, report them."""
    if fix:
        settled = settle_dead_runs()
        yield from (Finding("runs", f"reported: {line}") for line in settled)
    dead = find_unsettled()
    for record in dead:
        yield look("runs", f"{record.name} has died without a report. Report it with: bakeoff doctor --fix.")
    if not dead:
        yield Finding("runs", "none has died without a report on this machine")


def check_webhook(*, send_test: bool) -> Iterator[Finding]:
    """Say whether alerts have an address; with `send_test`, whether it takes one."""
    if not os.environ.get(VARIABLE):
        yield Finding("webhook", f"none is configured, so nobody is told of failures; {VARIABLE} is its address")
    elif not send_test:
        yield Finding("webhook", "configured; bakeoff doctor --send-test sends it a test")
    elif call_webhook({"event": "test", "message": "A test of the webhook.", "time": datetime.now(UTC).isoformat()}):
        yield Finding("webhook", "a test event was sent and taken")
    else:
        yield look(
            "webhook", f"the test event was not taken; expected {VARIABLE} to lead to a server that answers 2xx."
        )
