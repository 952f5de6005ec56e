"""Deployments for real: a lasting server, a worker, a run that comes due, one that is cancelled, and the UI."""

import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tasks.orchestrate.registry import FOLDER, RunRecord, write_record
from tests import warm

if TYPE_CHECKING:
    from conftest import Site, WebhookReceiver

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 120
CANCEL_SECONDS = 10
# The server looks for changed deployments every five seconds.
DUE_IN = timedelta(seconds=12)
LONG = {
    "dataset": "sample",
    "limit": 2_000,
    "epochs": 1_000,
    "patience": 1_000,
    # Its epochs take a second, so that the server is not busy with their logs.
    "variants": ["attention"],
    "baselines": ["none"],
}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(server: "Site", checkout: Path) -> Iterator["Site"]:  # noqa: ARG001  whose .venv the worker starts
    """The server with deployments, and a worker started from elsewhere."""
    server.prefect("work-pool", "create", "bakeoff", "--type", "process")
    names = ("train-all/nightly", "train-all/smoke")
    server.prefect("deploy", *(f"--name={name}" for name in names), "--prefect-file", "flows/prefect.yaml")
    elsewhere = server.folder / "elsewhere"
    elsewhere.mkdir()
    process = server.start(sys.executable, str(ROOT / "flows/deploy.py"), "worker", cwd=elsewhere)
    try:
        yield server
    finally:
        server.stop(process)


@pytest.fixture(scope="module")
def scheduled(site: "Site") -> str:
    """The id of a run that came due by itself and completed."""
    smoke = site.deployment("train-all/smoke")["id"]
    first = datetime.now(UTC) + DUE_IN
    # Should the server look later than the first is due, there is a next one.
    schedule = {"interval": timedelta(minutes=1).total_seconds(), "anchor_date": first.isoformat()}
    (added,) = site.call(f"/deployments/{smoke}/schedules", [{"schedule": schedule, "active": True}])
    of_smoke = {"deployments": {"id": {"any_": [smoke]}}, "sort": "EXPECTED_START_TIME_ASC", "limit": 1}
    site.wait_until(lambda: site.call("/flow_runs/filter", of_smoke))
    run_id = str(site.call("/flow_runs/filter", of_smoke)[0]["id"])
    state = site.wait_for_state(run_id, "COMPLETED", "FAILED", "CRASHED", "CANCELLED")
    assert state["type"] == "COMPLETED", site.logs()
    site.call(f"/deployments/{smoke}/schedules/{added['id']}", method="DELETE")
    return run_id


@pytest.fixture(scope="module")
def cancelled(site: "Site", scheduled: str) -> dict[str, Any]:  # noqa: ARG001  the worker does one thing at a time
    """What came of a run that was cancelled while it trained, and of another that was started meanwhile."""
    run_id = site.start_run("train-all/nightly", **LONG)
    site.wait_for_training()
    family = site.find_children()
    second = site.start_run("train-all/nightly", **LONG)
    second_state = site.wait_for_state(second, "CANCELLED", "COMPLETED", "FAILED", "CRASHED")
    site.call(f"/flow_runs/{run_id}/set_state", {"state": {"type": "CANCELLING"}})
    started = time.monotonic()
    left = psutil.wait_procs(family, timeout=PATIENCE_SECONDS)[1]
    seconds = time.monotonic() - started
    return {
        "family": len(family),
        "left": left,
        "seconds": seconds,
        "state": site.wait_for_state(run_id, "CANCELLED", "COMPLETED", "FAILED", "CRASHED"),
        "second": second_state,
    }


# First: a deployment that a work pool has is not given back to a process that serves it.
def test_serving_makes_the_same_deployments_without_a_worker(server: "Site") -> None:
    process = server.start_serving("--cron=30 3 * * *")
    try:
        served = server.deployment("train-all/nightly")
        assert served["schedules"][0]["schedule"] == {"cron": "30 3 * * *", "timezone": "UTC", "day_or": True}
        assert served["global_concurrency_limit"] is None, "its slot would outlive a run that died"
        run_id = server.start_run(
            "train-all/smoke", dataset="sample", limit=50, variants=["flatten"], baselines=["none"], epochs=1
        )
        assert server.wait_for_state(run_id, "COMPLETED", "FAILED", "CRASHED", "CANCELLED")["type"] == "COMPLETED"
    finally:
        server.stop(process)
        for name in ("train-all/nightly", "train-all/smoke", "predict/batch"):
            server.call(f"/deployments/{server.deployment(name)['id']}", method="DELETE")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_worker_settles_a_dead_run_before_it_starts_and_ends_in_good_order(
    number: int, site: "Site", tmp_path: Path
) -> None:
    flow = site.deployment("train-all/smoke")["flow_id"]
    dead = str(site.call("/flow_runs/", {"flow_id": flow, "state": {"type": "RUNNING"}})["id"])
    (tmp_path / FOLDER).mkdir()
    write_record(tmp_path / FOLDER, RunRecord(id=dead, name="dead", api=site.api, host=socket.gethostname()))
    # In a home of its own, where the worker of the other tests does not look.
    environment = site.environment | {"PREFECT_HOME": str(tmp_path)}
    command = [sys.executable, str(ROOT / "flows/deploy.py"), "worker", "--pool=idle", "--type=process"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with warm.start(command, env=environment, **pipes) as worker:
        while not (line := worker.stdout.readline()).endswith("started!\n"):
            assert line, "the worker has ended"
        assert site.run(dead)["state"]["type"] == "CRASHED"
        worker.send_signal(number)
        worker.communicate()
    assert worker.returncode == 0


def test_deployments_say_what_they_are(site: "Site") -> None:
    nightly = site.deployment("train-all/nightly")
    assert nightly["schedules"][0]["schedule"]["cron"] == "0 2 * * *"
    assert nightly["schedules"][0]["schedule"]["timezone"] == "UTC"
    assert nightly["tags"] == ["bakeoff", "nightly"]
    assert nightly["description"]
    for name in ("nightly", "smoke"):
        deployment = site.deployment(f"train-all/{name}")
        assert deployment["global_concurrency_limit"] is None, "its slot would outlive a run that died"
        fields = deployment["parameter_openapi_schema"]["definitions"]["RunConfig"]["properties"]
        assert all(field["description"] for field in fields.values())
        assert "lstm" in fields["variants"]["items"]["enum"]


def test_deploying_again_warns_of_nothing_and_keeps_a_schedule_of_the_ui(site: "Site") -> None:
    schedules = f"/deployments/{site.deployment('train-all/smoke')['id']}/schedules"
    (added,) = site.call(schedules, [{"schedule": {"cron": "0 5 * * *"}, "active": False}])
    printed = site.prefect("deploy", "--name=train-all/smoke", "--prefect-file", "flows/prefect.yaml")
    assert "Warning" not in printed
    assert [schedule["id"] for schedule in site.call(schedules)] == [added["id"]]
    site.call(f"{schedules}/{added['id']}", method="DELETE")


def test_run_that_comes_due_completes_under_a_readable_name(site: "Site", scheduled: str) -> None:
    run = site.run(scheduled)
    assert run["auto_scheduled"]
    assert run["name"] == "sample · 2 variants · 1 seed"
    assert set(run["tags"]) >= {"bakeoff", "smoke"}
    assert (site.folder / "artifacts" / "runs" / "latest" / "report.html").is_file()


def test_second_run_is_cancelled_while_one_trains(cancelled: dict[str, Any]) -> None:
    assert cancelled["second"]["type"] == "CANCELLED"
    assert "Another run of this deployment is still working" in cancelled["second"]["message"]


def test_cancel_stops_training_and_leaves_no_process(cancelled: dict[str, Any], site: "Site") -> None:
    assert cancelled["family"] >= 2, "the flow's process and its child that trains"
    assert not cancelled["left"]
    assert cancelled["seconds"] < CANCEL_SECONDS, "this bound is the promise, not a speed"
    assert cancelled["state"]["type"] == "CANCELLED"
    assert not site.find_children()


@pytest.mark.usefixtures("cancelled")
def test_cancelled_run_calls_the_webhook(site: "Site", receiver: "WebhookReceiver") -> None:
    site.wait_until(lambda: "run-cancelled" in receiver.events())
    body = receiver.events()["run-cancelled"]
    assert body["dataset"] == "sample"
    assert body["run"]["name"] == "sample · 1 variant · 1 seed"


def test_failing_run_is_failed_and_calls_the_webhook(site: "Site", receiver: "WebhookReceiver") -> None:
    run_id = site.start_run("train-all/smoke", dataset=str(site.folder / "missing.csv"))
    state = site.wait_for_state(run_id, "FAILED", "COMPLETED", "CRASHED", "CANCELLED")
    assert state["type"] == "FAILED"
    assert "missing.csv" in state["message"]
    site.wait_until(lambda: "run-failed" in receiver.events())
    body = receiver.events()["run-failed"]
    assert body["run"]["id"] == run_id
    assert body["links"]["run"].endswith(f"/runs/flow-run/{run_id}")
    assert body["message"] == state["message"]
    assert receiver.url not in site.logs()
    of_run = {"logs": {"flow_run_id": {"any_": [run_id]}}, "sort": "TIMESTAMP_DESC"}
    site.wait_until(lambda: "missing.csv" in json.dumps(site.call("/logs/filter", of_run)))
    assert receiver.url not in json.dumps(site.call("/logs/filter", of_run))


@pytest.fixture(scope="module")
def page(chromium: str) -> Iterator[Page]:
    expect.set_options(timeout=1_000 * PATIENCE_SECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser.new_page(viewport={"width": 1280, "height": 900})
        browser.close()


def test_ui_shows_the_run_its_graph_and_the_leaderboard(site: "Site", scheduled: str, page: Page) -> None:
    ui = site.api.removesuffix("/api")
    page.goto(f"{ui}/runs/flow-run/{scheduled}")
    expect(page.get_by_text("sample · 2 variants · 1 seed").first).to_be_visible()
    expect(page.get_by_text("Completed").first).to_be_visible()
    expect(page.locator("canvas").first).to_be_visible()
    (artifact,) = site.call("/artifacts/latest/filter", {"artifacts": {"key": {"any_": ["leaderboard"]}}})
    page.goto(f"{ui}/artifacts/artifact/{artifact['latest_id']}")
    expect(page.get_by_text("conv-max", exact=True).first).to_be_visible()


def test_ui_has_a_form_with_descriptions_and_choices(site: "Site", page: Page) -> None:
    deployment = site.deployment("train-all/nightly")["id"]
    page.goto(f"{site.api.removesuffix('/api')}/deployments/deployment/{deployment}/run")
    expect(page.get_by_text("number of seeds to train each variant with")).to_be_visible()
    expect(page.get_by_text("a folder of <label>/*.txt")).to_be_visible()
    text = page.inner_text("body")
    shown = [name for name in re.findall(r"^(\w[\w ]+) \(Optional\)$", text, re.MULTILINE) if name != "config"]
    assert shown[:6] == ["Dataset", "Variants", "Baselines", "Seeds", "Epochs", "Limit"]


@pytest.mark.parametrize(
    ("url", "arguments", "message"),
    [
        ("", ["serve"], "no Prefect server is configured"),
        ("", ["worker"], "no Prefect server is configured"),
        ("http://127.0.0.1:9/api", ["serve"], "no Prefect server answers"),
        ("http://127.0.0.1:9/api", ["worker", "--pool=other"], "no Prefect server answers"),
        (None, ["serve", "--cron=at night"], "--cron 'at night' is not a cron expression"),
    ],
)
def test_what_cannot_work_is_refused_in_one_line(
    url: str | None, arguments: list[str], message: str, server: "Site"
) -> None:
    environment = server.environment | ({} if url is None else {"PREFECT_API_URL": url})
    command = [sys.executable, str(ROOT / "flows/deploy.py"), *arguments]
    done = warm.run(command, env=environment, cwd=server.folder)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
