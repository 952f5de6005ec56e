"""A tracker that is down, slow or refuses costs a warning, within a time limit, and no password is shown."""

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tasks.cli.parsing import parse_command_line
from tasks.errors import UserError
from tasks.settings.track import TrackConfig
from tasks.track import mirroring
from tasks.track.facts import Target
from tasks.track.mirroring import describe_command, mirror
from tasks.track.trackers import check_trackers

TARGET = Target("sequence-bakeoff", Path("artifacts"))


class Refusal(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(403)
        self.end_headers()
        self.wfile.write(b'{"error_code": "PERMISSION_DENIED", "message": "not you, me:geheim77"}')

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def refusing() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusal)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def closed() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


@pytest.mark.parametrize(
    ("kind", "reason"), [("refusing", "not you"), ("silent", "longer than 1 seconds"), ("closed", "refused")]
)
def test_tracker_that_fails_is_a_warning_with_a_remedy_and_without_the_password(
    kind: str, reason: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = request.getfixturevalue(kind)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://me:geheim77@127.0.0.1:{port}")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    (warning,) = mirror(["mlflow"], TARGET, seconds=1 if kind == "silent" else 60)
    assert reason in warning
    assert "geheim77" not in warning
    assert "\n" not in warning
    assert warning.endswith("mirror them with: bakeoff track --artifacts-dir artifacts.")


def test_warning_never_raises_for_what_the_library_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "nonsense://me:geheim77@x")
    (warning,) = mirror(["mlflow"], TARGET, seconds=60)
    assert "nonsense" in warning
    assert "geheim77" not in warning


def test_command_of_the_remedy_names_the_same_run(tmp_path: Path) -> None:
    target = Target("other name", tmp_path / "a b", tmp_path / "a b" / "runs" / "20260102-030405-abcdef12")
    import shlex

    _, _, *arguments = shlex.split(describe_command(target))
    config = parse_command_line(arguments, TrackConfig, program="bakeoff track")
    assert isinstance(config, TrackConfig)
    assert (config.run, config.track_name, config.artifacts_dir) == (
        "20260102-030405-abcdef12",
        "other name",
        tmp_path / "a b",
    )


def test_missing_address_or_package_is_told_before_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with pytest.raises(UserError, match="Set it, for example: export MLFLOW_TRACKING_URI="):
        check_trackers(["mlflow"])
    assert "export MLFLOW_TRACKING_URI" in mirroring.mirror(["mlflow"], TARGET, seconds=1)[0]
    monkeypatch.setattr("tasks.track.trackers.find_spec", lambda _: None)
    with pytest.raises(UserError, match=r'pip install -e "\.\[mlflow\]"'):
        check_trackers(["mlflow"])
