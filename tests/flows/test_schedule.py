"""Deployments for real: a lasting server, a worker, a run that comes due, one that is cancelled, and the UI."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from playwright.sync_api import Page, expect, sync_playwright

if TYPE_CHECKING:
    from conftest import WebhookReceiver

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PATIENCE_SECONDS = 120
CANCEL_SECONDS = 10
# The server looks for changed deployments every five seconds.
DUE_IN = timedelta(seconds=12)
LONG = {
    "dataset": "sample",
    "limit": 2_000,
    "epochs": 1_000,
    "patience": 1_000,
    "variants": ["flatten"],
    "baselines": ["none"],
}

pytestmark = pytest.mark.slow


@dataclass
class Site:
    """A Prefect server with the deployments, and a worker of its own folders."""

    folder: Path
    api: str
    environment: dict[str, str]

    def prefect(self, *arguments: str) -> str:
        """Run a Prefect command and return everything that it printed."""
        done = subprocess.run(
            [BIN / "prefect", "--no-prompt", *arguments],
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def start(self, *command: str, cwd: Path) -> "subprocess.Popen[bytes]":
        with (self.folder / f"{'-'.join(Path(word).name for word in command[:2])}.log").open("wb") as log:
            return subprocess.Popen(command, env=self.environment, cwd=cwd, stdout=log, stderr=subprocess.STDOUT)

    def call(self, path: str, body: Any = None, *, method: str | None = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.api + path, content, {"Content-Type": "application/json"}, method=method)
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                with direct.open(request) as response:
                    return json.loads(response.read() or b"null")
            except urllib.error.HTTPError as error:
                # SQLite is at work for another; Prefect's own client tries again as well.
                if error.code != HTTPStatus.SERVICE_UNAVAILABLE or time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    def deployment(self, name: str) -> dict[str, Any]:
        return dict(self.call(f"/deployments/name/{name}"))

    def start_run(self, name: str, **config: Any) -> str:
        path = f"/deployments/{self.deployment(name)['id']}/create_flow_run"
        return str(self.call(path, {"parameters": {"config": config}})["id"])

    def run(self, run_id: str) -> dict[str, Any]:
        return dict(self.call(f"/flow_runs/{run_id}"))

    def wait_for_state(self, run_id: str, *types: str) -> dict[str, Any]:
        wait_until(lambda: self.run(run_id)["state"]["type"] in types, self.logs)
        return dict(self.run(run_id)["state"])

    def logs(self) -> str:
        return "\n".join(path.read_text() for path in self.folder.glob("*.log"))


def wait_until(condition: Callable[[], Any], explain: Callable[[], str] = str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, explain()
        time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def stop(process: "subprocess.Popen[bytes]") -> None:
    family = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    process.terminate()
    try:
        process.wait(30)
    finally:
        for member in psutil.wait_procs(family, timeout=10)[1]:
            member.kill()
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, receiver: "WebhookReceiver") -> Iterator[Site]:
    """A server with its scheduler, as `prefect server start` starts it, on SQLite."""
    folder = tmp_path_factory.mktemp("site")
    port = free_port()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("BAKEOFF_", "PREFECT_"))}
    environment = {
        **inherited,
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_WORKER_QUERY_SECONDS": "1",
        "PREFECT_RUNNER_POLL_FREQUENCY": "1",
        "BAKEOFF_DATA_DIR": str(folder / "data"),
        "BAKEOFF_ARTIFACTS_DIR": str(folder / "artifacts"),
        "BAKEOFF_WEBHOOK_URL": receiver.url,
        "no_proxy": "127.0.0.1",
    }
    site = Site(folder, environment["PREFECT_API_URL"], environment)
    process = site.start(str(BIN / "prefect"), "server", "start", "--port", str(port), cwd=folder)
    try:
        wait_until(lambda: answers(site) or process.poll() is not None, site.logs)
        assert process.poll() is None, site.logs()
        yield site
    finally:
        stop(process)


def answers(site: Site) -> bool:
    try:
        return bool(site.call("/health"))
    except OSError:
        return False


@pytest.fixture(scope="module")
def site(server: Site, checkout: Path) -> Iterator[Site]:  # noqa: ARG001  whose .venv the worker starts
    """The server with deployments, and a worker started from elsewhere."""
    server.prefect("work-pool", "create", "bakeoff", "--type", "process")
    names = ("train-all/nightly", "train-all/smoke")
    server.prefect("deploy", *(f"--name={name}" for name in names), "--prefect-file", "flows/prefect.yaml")
    elsewhere = server.folder / "elsewhere"
    elsewhere.mkdir()
    process = server.start(str(BIN / "prefect"), "worker", "start", "--pool", "bakeoff", cwd=elsewhere)
    try:
        yield server
    finally:
        stop(process)


@pytest.fixture(scope="module")
def scheduled(site: Site) -> str:
    """The id of a run that came due by itself and completed."""
    smoke = site.deployment("train-all/smoke")["id"]
    first = datetime.now(UTC) + DUE_IN
    # Should the server look later than the first is due, there is a next one.
    schedule = {"interval": timedelta(minutes=1).total_seconds(), "anchor_date": first.isoformat()}
    (added,) = site.call(f"/deployments/{smoke}/schedules", [{"schedule": schedule, "active": True}])
    of_smoke = {"deployments": {"id": {"any_": [smoke]}}, "sort": "EXPECTED_START_TIME_ASC", "limit": 1}
    wait_until(lambda: site.call("/flow_runs/filter", of_smoke), site.logs)
    run_id = str(site.call("/flow_runs/filter", of_smoke)[0]["id"])
    state = site.wait_for_state(run_id, "COMPLETED", "FAILED", "CRASHED", "CANCELLED")
    assert state["type"] == "COMPLETED", site.logs()
    site.call(f"/deployments/{smoke}/schedules/{added['id']}", method="DELETE")
    return run_id


@pytest.fixture(scope="module")
def cancelled(site: Site, scheduled: str) -> dict[str, Any]:  # noqa: ARG001  the worker does one thing at a time
    """What came of a run that was cancelled while it trained, and of another that was started meanwhile."""
    run_id = site.start_run("train-all/nightly", **LONG)
    wait_until(lambda: list(site.folder.glob("artifacts/.work/*/checkpoint/state.npz")), site.logs)
    family = find_children(site)
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


def find_children(site: Site) -> list[psutil.Process]:
    """The processes of flow runs of this site, told by their environment."""
    found = []
    for process in psutil.process_iter():
        try:
            environment = process.environ()
        except psutil.Error:
            continue
        is_run = "PREFECT__FLOW_RUN_ID" in environment
        if is_run and environment.get("PREFECT_HOME") == site.environment["PREFECT_HOME"]:
            found.append(process)
    return found


# First: a deployment that a work pool has is not given back to a process that serves it.
def test_serving_makes_the_same_deployments_without_a_worker(server: Site) -> None:
    process = server.start(
        sys.executable, str(ROOT / "flows/deploy.py"), "serve", "--cron=30 3 * * *", cwd=server.folder
    )
    try:
        wait_until(lambda: is_served(server) or process.poll() is not None, server.logs)
        assert process.poll() is None, server.logs()
        served = server.deployment("train-all/nightly")
        assert served["schedules"][0]["schedule"] == {"cron": "30 3 * * *", "timezone": "UTC", "day_or": True}
        assert served["global_concurrency_limit"]["limit"] == 1
        assert served["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"
        run_id = server.start_run(
            "train-all/smoke", dataset="sample", limit=50, variants=["flatten"], baselines=["none"], epochs=1
        )
        assert server.wait_for_state(run_id, "COMPLETED", "FAILED", "CRASHED", "CANCELLED")["type"] == "COMPLETED"
    finally:
        stop(process)
        for name in ("train-all/nightly", "train-all/smoke", "predict/batch"):
            server.call(f"/deployments/{server.deployment(name)['id']}", method="DELETE")


def is_served(server: Site) -> bool:
    """Tell whether all deployments are there."""
    try:
        return server.deployment("predict/batch")["work_pool_name"] is None
    except OSError:
        return False


def test_deployments_say_what_they_are(site: Site) -> None:
    nightly = site.deployment("train-all/nightly")
    assert nightly["schedules"][0]["schedule"]["cron"] == "0 2 * * *"
    assert nightly["schedules"][0]["schedule"]["timezone"] == "UTC"
    assert nightly["tags"] == ["bakeoff", "nightly"]
    assert nightly["description"]
    for name in ("nightly", "smoke"):
        deployment = site.deployment(f"train-all/{name}")
        assert deployment["global_concurrency_limit"]["limit"] == 1
        assert deployment["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"
        fields = deployment["parameter_openapi_schema"]["definitions"]["RunConfig"]["properties"]
        assert all(field["description"] for field in fields.values())
        assert "lstm" in fields["variants"]["items"]["enum"]


def test_deploying_again_warns_of_nothing_and_keeps_a_schedule_of_the_ui(site: Site) -> None:
    schedules = f"/deployments/{site.deployment('train-all/smoke')['id']}/schedules"
    (added,) = site.call(schedules, [{"schedule": {"cron": "0 5 * * *"}, "active": False}])
    printed = site.prefect("deploy", "--name=train-all/smoke", "--prefect-file", "flows/prefect.yaml")
    assert "Warning" not in printed
    assert [schedule["id"] for schedule in site.call(schedules)] == [added["id"]]
    site.call(f"{schedules}/{added['id']}", method="DELETE")


def test_run_that_comes_due_completes_under_a_readable_name(site: Site, scheduled: str) -> None:
    run = site.run(scheduled)
    assert run["auto_scheduled"]
    assert run["name"] == "sample · 2 variants · 1 seed"
    assert set(run["tags"]) >= {"bakeoff", "smoke"}
    assert (site.folder / "artifacts" / "runs" / "latest" / "report.html").is_file()


def test_second_run_is_cancelled_while_one_trains(cancelled: dict[str, Any]) -> None:
    assert cancelled["second"]["type"] == "CANCELLED"
    assert "concurrency limit" in cancelled["second"]["message"]


def test_cancel_stops_training_and_leaves_no_process(cancelled: dict[str, Any], site: Site) -> None:
    assert cancelled["family"] >= 2, "the flow's process and its child that trains"
    assert not cancelled["left"]
    assert cancelled["seconds"] < CANCEL_SECONDS, "this bound is the promise, not a speed"
    assert cancelled["state"]["type"] == "CANCELLED"
    assert not find_children(site)


@pytest.mark.usefixtures("cancelled")
def test_cancelled_run_calls_the_webhook(site: Site, receiver: "WebhookReceiver") -> None:
    wait_until(lambda: "run-cancelled" in receiver.events(), site.logs)
    body = receiver.events()["run-cancelled"]
    assert body["dataset"] == "sample"
    assert body["run"]["name"] == "sample · 1 variant · 1 seed"


def test_failing_run_is_failed_and_calls_the_webhook(site: Site, receiver: "WebhookReceiver") -> None:
    run_id = site.start_run("train-all/smoke", dataset=str(site.folder / "missing.csv"))
    state = site.wait_for_state(run_id, "FAILED", "COMPLETED", "CRASHED", "CANCELLED")
    assert state["type"] == "FAILED"
    assert "missing.csv" in state["message"]
    wait_until(lambda: "run-failed" in receiver.events(), site.logs)
    body = receiver.events()["run-failed"]
    assert body["run"]["id"] == run_id
    assert body["links"]["run"].endswith(f"/runs/flow-run/{run_id}")
    assert body["message"] == state["message"]
    assert receiver.url not in site.logs()
    of_run = {"logs": {"flow_run_id": {"any_": [run_id]}}, "sort": "TIMESTAMP_DESC"}
    wait_until(lambda: "missing.csv" in json.dumps(site.call("/logs/filter", of_run)), site.logs)
    assert receiver.url not in json.dumps(site.call("/logs/filter", of_run))


@pytest.fixture(scope="module")
def page(chromium: str) -> Iterator[Page]:
    expect.set_options(timeout=1_000 * PATIENCE_SECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser.new_page(viewport={"width": 1280, "height": 900})
        browser.close()


def test_ui_shows_the_run_its_graph_and_the_leaderboard(site: Site, scheduled: str, page: Page) -> None:
    ui = site.api.removesuffix("/api")
    page.goto(f"{ui}/runs/flow-run/{scheduled}")
    expect(page.get_by_text("sample · 2 variants · 1 seed").first).to_be_visible()
    expect(page.get_by_text("Completed").first).to_be_visible()
    expect(page.locator("canvas").first).to_be_visible()
    (artifact,) = site.call("/artifacts/latest/filter", {"artifacts": {"key": {"any_": ["leaderboard"]}}})
    page.goto(f"{ui}/artifacts/artifact/{artifact['latest_id']}")
    expect(page.get_by_text("conv-max", exact=True).first).to_be_visible()


def test_ui_has_a_form_with_descriptions_and_choices(site: Site, page: Page) -> None:
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
        ("http://127.0.0.1:9/api", ["serve"], "no Prefect server answers"),
        (None, ["serve", "--cron=at night"], "--cron 'at night' is not a cron expression"),
    ],
)
def test_serve_refuses_what_cannot_work_in_one_line(
    url: str | None, arguments: list[str], message: str, server: Site
) -> None:
    environment = server.environment | ({} if url is None else {"PREFECT_API_URL": url})
    command = [sys.executable, str(ROOT / "flows/deploy.py"), *arguments]
    done = subprocess.run(command, env=environment, cwd=server.folder, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
