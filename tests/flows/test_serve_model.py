"""A server in a process of its own: how it starts, and what its callers see when it is stopped or killed."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from flows.serve_model import check_serving, serve_at_once
from tasks.errors import UserError
from tasks.settings.serve_model import ServeConfig
from tests import warm

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 120
NUM_CALLERS = 8
# Each request is a batch of its own, so most of them wait while the first is scored.
TEXTS = [f"{'great' if number % 3 else 'dull'} film {number} " * 40 for number in range(500)]
Start = Callable[..., "Server"]


class Server:
    """A process that serves a model, and its port."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        assert process.stdout is not None
        self.ready = process.stdout.readline()
        self.port = int(self.ready.split("127.0.0.1:")[1].split()[0])

    def ask(self, method: str, path: str, content: Any = None) -> tuple[int, Any]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)) as connection:
            connection.request(method, path, None if content is None else json.dumps(content))
            response = connection.getresponse()
            return response.status, json.loads(response.read())

    def try_to_ask(self) -> Any:
        """The answer to many texts, or None if the connection fails."""
        try:
            return self.ask("POST", "/predict", {"texts": TEXTS})
        except (OSError, http.client.HTTPException):
            return None

    def fill(self, pool: ThreadPoolExecutor) -> list["Future[Any]"]:
        """Let callers ask, and wait until some of them wait for the model."""
        futures = [pool.submit(self.try_to_ask) for _ in range(NUM_CALLERS)]
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.ask("GET", "/healthz")[1]["waiting_texts"]:
            assert time.monotonic() < deadline
            assert not all(future.done() for future in futures)
        return futures


@pytest.fixture(scope="module")
def model(publish_bundle: Callable[..., Path], few_reviews: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish_bundle("nb-svm", few_reviews, tmp_path_factory.mktemp("model"), None)


@pytest.fixture
def start(model: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts a server and waits until it listens; a `prefect` that cannot be imported stands ahead of the real one."""
    (tmp_path / "prefect").mkdir()
    (tmp_path / "prefect" / "__init__.py").write_text("raise RuntimeError('prefect was imported')")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("BAKEOFF_")}
    environment = {**inherited, "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])}
    started = []

    def run(port: int = 0) -> Server:
        command = [sys.executable, str(ROOT / "flows" / "serve_model.py"), f"--model={model}", f"--port={port}"]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = warm.start([*command, "--max-body=20MB"], env=environment, text=True, **pipes)
        started.append(process)
        return Server(process)

    yield run
    for process in started:
        with process:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopped_server_answers_what_it_has_accepted(number: int, start: Start) -> None:
    server = start()
    assert server.ready.startswith("nb-svm-f1-")
    expected = server.ask("POST", "/predict", {"texts": TEXTS})
    with ThreadPoolExecutor(NUM_CALLERS) as pool:
        futures = server.fill(pool)
        server.process.send_signal(number)
        answers = [future.result() for future in futures]
    assert answers == [expected] * NUM_CALLERS
    output, errors = server.process.communicate(timeout=PATIENCE_SECONDS)
    assert (server.process.returncode, output, errors) == (0, "", "")
    assert server.try_to_ask() is None


def test_killed_server_gives_no_wrong_answer_and_can_be_started_again(start: Start) -> None:
    server = start()
    expected = server.ask("POST", "/predict", {"texts": TEXTS})
    with ThreadPoolExecutor(NUM_CALLERS) as pool:
        futures = server.fill(pool)
        server.process.kill()
        answers = [future.result() for future in futures]
    assert None in answers
    assert all(answer in (None, expected) for answer in answers)
    again = start(server.port)
    assert again.port == server.port
    assert again.try_to_ask() == expected


def test_port_that_is_taken_is_one_line(model: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(UserError, match=rf"--port {port} of --host '127.0.0.1' cannot be used: Address already"):
            serve_at_once(ServeConfig(model=model, port=port))


@pytest.mark.parametrize(
    ("host", "message"),
    [
        ("no-such-host.invalid", "--host 'no-such-host.invalid' cannot be found"),
        ("192.0.2.1", "of --host '192.0.2.1' cannot be used: Cannot assign requested address; .* --port 0"),
        ("0.0.0.0", "others can reach --host '0.0.0.0', but BAKEOFF_TOKEN is not set"),  # noqa: S104
    ],
)
def test_host_that_cannot_be_used_is_one_line(
    host: str, message: str, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BAKEOFF_TOKEN", raising=False)
    with pytest.raises(UserError, match=message):
        serve_at_once(ServeConfig(model=model, host=host, port=0))


def test_folder_without_a_model_is_refused_before_the_server_starts(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no model"):
        check_serving(ServeConfig(artifacts_dir=tmp_path))


def test_queue_is_as_long_as_the_largest_request() -> None:
    with pytest.raises(ValueError, match="--max-waiting is 10, below the 1000 of --max-texts"):
        ServeConfig(max_waiting=10)
