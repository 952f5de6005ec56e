"""Runs of the main job as a person starts it, what the Prefect server knows of them, and servers with deployments."""

import base64
import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from tests import warm

if TYPE_CHECKING:
    from conftest import WebhookReceiver

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PATIENCE_SECONDS = 120
# Reads flags and where to run as JSON, a line each, and writes the leaderboards that come of them.
NOTEBOOK = """
import json, os, sys
from unittest.mock import patch
from prefect.settings import PREFECT_API_URL, PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from flows.train_all import train_all
from tasks.cli.parsing import parse_command_line
from tasks.settings.run import RunConfig
for line in sys.stdin:
    asked = json.loads(line)
    os.chdir(asked["folder"])
    # Without heartbeats, a flow need not wait for the whole second in which it ends.
    settings = {PREFECT_API_URL: asked["api"], PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}
    with patch.dict(os.environ, asked["environment"], clear=True), temporary_settings(settings):
        leaderboard = train_all(parse_command_line(asked["flags"], RunConfig, program="train_all.py"))
    print(json.dumps(leaderboard), flush=True)
"""


@dataclass
class Job:
    """The main job, or another flow with the same folders, over folders of its own, with a Prefect server."""

    folder: Path
    api: str
    notebook: "subprocess.Popen[str]"
    flow: str = "train_all.py"
    started: list["subprocess.Popen[str]"] = field(default_factory=list)

    @property
    def artifacts(self) -> Path:
        return self.folder / "artifacts"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def environment(self) -> dict[str, str]:
        """The caller's environment, less what would lead to data or hosts outside the test."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("BAKEOFF_", "TFDS_"))}
        closed_port = "http://127.0.0.1:9"
        return {
            **inherited,
            "PREFECT_API_URL": self.api,
            "HOME": str(self.folder),
            "http_proxy": closed_port,
            "https_proxy": closed_port,
            "no_proxy": "127.0.0.1",
        }

    def flags(self, *arguments: str) -> list[str]:
        return [f"--data-dir={self.data}", f"--artifacts-dir={self.artifacts}", *arguments]

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, str(ROOT / "flows" / self.flow), *self.flags(*arguments)]

    def call(self, *arguments: str, **variables: str) -> dict[str, Any]:
        """Call the main job from Python, in the session's notebook: the libraries are imported once for all its runs.

        `variables` are of the environment. Returns the leaderboard.
        """
        asked = {
            "flags": self.flags(*arguments),
            "environment": self.environment() | variables,
            "folder": str(self.folder),
            "api": self.api,
        }
        assert self.notebook.stdin is not None
        assert self.notebook.stdout is not None
        self.notebook.stdin.write(f"{json.dumps(asked)}\n")
        self.notebook.stdin.flush()
        answer = self.notebook.stdout.readline()
        assert answer, "the call failed: its traceback is on standard error"
        leaderboard: dict[str, Any] = json.loads(answer)
        return leaderboard

    def start(self, *arguments: str, **options: Any) -> "subprocess.Popen[str]":
        """Start it and go on."""
        return self.start_command(self.command(*arguments), **options)

    def start_command(self, command: list[str], **options: Any) -> "subprocess.Popen[str]":
        """Start a command and go on; what still runs at the end of the tests of this job is killed."""
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        settings = {"env": self.environment(), "cwd": self.folder, "text": True, **pipes, **options}
        process = warm.start(command, **settings)
        self.started.append(process)
        return process

    def kill_started(self) -> None:
        """Kill what was started and has not ended, with its children, and close all pipes."""
        for process in self.started:
            with process:
                if process.poll() is None:
                    for member in [*psutil.Process(process.pid).children(recursive=True), process]:
                        member.kill()

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return warm.run(self.command(*arguments), env=self.environment(), cwd=self.folder)

    def leaderboard(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.artifacts / "runs" / "latest" / "leaderboard.json").read_text())
        return content

    def latest_flow_run(self) -> dict[str, Any]:
        runs = self.post("/flow_runs/filter", {"sort": "START_TIME_DESC", "limit": 1})
        return dict(runs[0])

    def wait_for_log(self, words: str) -> None:
        """Wait until the latest flow run's log in the UI has these words: Prefect sends it every other second."""
        flow_run = {"flow_run_id": {"any_": [self.latest_flow_run()["id"]]}}
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not any(words in line["message"] for line in self.post("/logs/filter", {"logs": flow_run})):
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def task_states(self) -> dict[str, str]:
        """State names by task-run name, of the latest flow run."""
        flow_run = {"id": {"any_": [self.latest_flow_run()["id"]]}}
        return {run["name"]: run["state_name"] for run in self.post("/task_runs/filter", {"flow_runs": flow_run})}

    def post(self, path: str, body: dict[str, Any]) -> list[dict[str, Any]]:
        login = base64.b64encode(os.environ["PREFECT_API_AUTH_STRING"].encode()).decode()
        headers = {"Content-Type": "application/json", "Authorization": f"Basic {login}"}
        request = urllib.request.Request(self.api + path, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request) as response:
            content: list[dict[str, Any]] = json.load(response)
        return content


@pytest.fixture(scope="session")
def notebook() -> Iterator["subprocess.Popen[str]"]:
    """A process that calls the main job as often as it is asked."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with warm.start([sys.executable, "-c", NOTEBOOK], text=True, **pipes) as process:
        yield process


@pytest.fixture
def job(tmp_path: Path, prefect_api: str, notebook: "subprocess.Popen[str]") -> Iterator[Job]:
    job = Job(tmp_path, prefect_api, notebook)
    yield job
    job.kill_started()


@pytest.fixture(scope="module")
def shared_job(
    tmp_path_factory: pytest.TempPathFactory, prefect_api: str, notebook: "subprocess.Popen[str]"
) -> Iterator[Job]:
    """One job for the tests of a module that follow on each other's outputs."""
    job = Job(tmp_path_factory.mktemp("job"), prefect_api, notebook)
    yield job
    job.kill_started()


@dataclass
class Site:
    """A lasting Prefect server, with folders of its own for what its runs make."""

    folder: Path
    port: int
    environment: dict[str, str]
    started: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    @property
    def api(self) -> str:
        return self.environment["PREFECT_API_URL"]

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
        with (self.folder / f"{'-'.join(Path(word).name for word in command[:2])}.log").open("ab") as log:
            process = subprocess.Popen(command, env=self.environment, cwd=cwd, stdout=log, stderr=subprocess.STDOUT)
        self.started.append(process)
        return process

    def start_server(self) -> "subprocess.Popen[bytes]":
        """Start the server with its scheduler, as `prefect server start` does, on SQLite."""
        process = self.start(str(BIN / "prefect"), "server", "start", "--port", str(self.port), cwd=self.folder)
        self.wait_until(lambda: self.answers() or process.poll() is not None)
        assert process.poll() is None, self.logs()
        return process

    def start_serving(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """Start `serve` from elsewhere; the deployments are there when it returns."""
        process = self.start(sys.executable, str(ROOT / "flows/deploy.py"), "serve", *arguments, cwd=self.folder)
        self.wait_until(lambda: self.is_served() or process.poll() is not None)
        assert process.poll() is None, self.logs()
        return process

    def examine(self) -> tuple[int, str]:
        """Ask the doctor; returns the exit status and what it printed."""
        done = warm.run([sys.executable, str(ROOT / "flows/doctor.py")], env=self.environment)
        assert not done.stderr, done.stderr
        return done.returncode, done.stdout

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

    def answers(self) -> bool:
        try:
            return bool(self.call("/health"))
        except OSError:
            return False

    def is_served(self) -> bool:
        """Tell whether all deployments are there."""
        try:
            return self.deployment("predict/batch")["work_pool_name"] is None
        except OSError:
            return False

    def deployment(self, name: str) -> dict[str, Any]:
        return dict(self.call(f"/deployments/name/{name}"))

    def start_run(self, name: str, **config: Any) -> str:
        path = f"/deployments/{self.deployment(name)['id']}/create_flow_run"
        return str(self.call(path, {"parameters": {"config": config}})["id"])

    def run(self, run_id: str) -> dict[str, Any]:
        return dict(self.call(f"/flow_runs/{run_id}"))

    def wait_for_state(self, run_id: str, *types: str) -> dict[str, Any]:
        self.wait_until(lambda: self.run(run_id)["state"]["type"] in types)
        return dict(self.run(run_id)["state"])

    def wait_for_training(self) -> None:
        """Wait until a training has written a checkpoint."""
        self.wait_until(lambda: list(self.folder.glob("artifacts/.work/*/checkpoint/state.npz")))

    def wait_until(self, condition: Callable[[], Any]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, self.logs()
            time.sleep(0.1)

    def logs(self) -> str:
        return "\n".join(path.read_text() for path in self.folder.glob("*.log"))

    def find_children(self) -> list[psutil.Process]:
        """The processes of this site's flow runs."""
        found = []
        for process in self.find_processes():
            with contextlib.suppress(psutil.Error):
                if "PREFECT__FLOW_RUN_ID" in process.environ():
                    found.append(process)
        return found

    def find_processes(self) -> list[psutil.Process]:
        """All processes of this site, told by their environment."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get("PREFECT_HOME") == self.environment["PREFECT_HOME"]:
                    found.append(process)
        return found

    def stop(self, process: "subprocess.Popen[bytes]") -> None:
        """Ask a process to end, and kill it and what it has started if it does not."""
        family = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        process.terminate()
        try:
            process.wait(PATIENCE_SECONDS)
        finally:
            for member in psutil.wait_procs(family, timeout=10)[1]:
                member.kill()
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def new_site(tmp_path_factory: pytest.TempPathFactory, receiver: "WebhookReceiver") -> Site:
    """A site whose server is not started yet."""
    folder = tmp_path_factory.mktemp("site")
    port = find_free_port()
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
    return Site(folder, port, environment)


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def server(new_site: Site) -> Iterator[Site]:
    """A site whose server runs."""
    process = new_site.start_server()
    yield new_site
    new_site.stop(process)
