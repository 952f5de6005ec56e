"""Runs of the main job as a person starts it, and what the Prefect server knows of them."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

ROOT = Path(__file__).parents[2]
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
        process = subprocess.Popen(command, **settings)
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
        return subprocess.run(
            self.command(*arguments),
            env=self.environment(),
            cwd=self.folder,
            text=True,
            capture_output=True,
            check=False,
        )

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
        request = urllib.request.Request(
            self.api + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request) as response:
            content: list[dict[str, Any]] = json.load(response)
        return content


@pytest.fixture(scope="session")
def notebook() -> Iterator["subprocess.Popen[str]"]:
    """A process that calls the main job as often as it is asked."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", NOTEBOOK], text=True, **pipes) as process:  # type: ignore[call-overload]
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
