"""Files elsewhere are fetched once, and again when they have changed; what fails is one line."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tasks.errors import UserError
from tasks.formatting.addresses import find_copy
from tasks.store import web
from tasks.store.inputs import check_access, fetch_input, send_output
from tasks.store.objects import Objects, open_objects


def fetch(address: str) -> Path:
    path = find_copy(address)
    fetch_input(path, "--dataset")
    return path


def test_object_is_fetched_and_fetched_again_when_it_has_changed(bucket: str) -> None:
    objects = open_objects(bucket)
    objects.put("films/x.csv", b"old")
    path = fetch(f"{bucket}/films/x.csv")
    assert path.read_bytes() == b"old"
    inode = path.stat().st_ino
    fetch(f"{bucket}/films/x.csv")
    assert path.stat().st_ino == inode
    objects.put("films/x.csv", b"new")
    assert fetch(f"{bucket}/films/x.csv").read_bytes() == b"new"
    assert [it.name for it in path.parent.iterdir()] == ["x.csv"]


def test_folder_is_fetched_without_what_is_gone(bucket: str) -> None:
    objects = open_objects(bucket)
    for key in ("reviews/good/1.txt", "reviews/bad/1.txt", "reviews/bad/2.txt", "reviews-2/good/1.txt"):
        objects.put(key, key.encode())
    path = fetch(f"{bucket}/reviews")
    assert sorted(str(it.relative_to(path)) for it in path.rglob("*.txt")) == ["bad/1.txt", "bad/2.txt", "good/1.txt"]
    objects.delete(["reviews/bad/2.txt"])
    assert sorted(it.name for it in fetch(f"{bucket}/reviews").rglob("*.txt")) == ["1.txt", "1.txt"]


def test_whole_bucket_is_a_folder(bucket: str) -> None:
    open_objects(bucket).put("good/1.txt", b"fine")
    assert (fetch(bucket) / "good" / "1.txt").read_bytes() == b"fine"


def test_large_object_is_fetched_whole(bucket: str, tmp_path: Path) -> None:
    content = bytes(range(256)) * 80_000
    (tmp_path / "x").write_bytes(content)
    open_objects(bucket).upload(tmp_path / "x", "x.csv")
    assert fetch(f"{bucket}/x.csv").read_bytes() == content


@pytest.mark.parametrize("key", ["x.csv", "films/x.csv"])
def test_missing_object_is_one_line(bucket: str, key: str) -> None:
    with pytest.raises(UserError, match=rf"^--dataset {bucket}/{key}: no such file; expected a file or a folder\."):
        fetch(f"{bucket}/{key}")


def test_result_is_sent(bucket: str) -> None:
    path = find_copy(f"{bucket}/out/scored.csv")
    path.parent.mkdir(parents=True)
    path.write_text("text\n")
    send_output(path)
    found = open_objects(bucket).get("out/scored.csv")
    assert found is not None
    assert found.content == b"text\n"


def test_access_is_checked_without_leaving_anything(bucket: str) -> None:
    check_access(find_copy(f"{bucket}/x"), "--artifacts-dir")
    assert list(open_objects(bucket).list()) == []


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("s3://bakeoff-nowhere/x", "--artifacts-dir s3://bakeoff-nowhere/x: there is no such bucket or container"),
        ("https://host/x", "--artifacts-dir https://host/x cannot be written; expected a folder, or an address"),
    ],
)
def test_place_that_cannot_be_written_is_one_line(bucket: str, address: str, message: str) -> None:
    assert bucket
    with pytest.raises(UserError, match=f"^{message}"):
        check_access(find_copy(address), "--artifacts-dir")


def test_lack_of_credentials_is_one_line(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(UserError, match=f"^there are no credentials for {bucket}; expected .* aws configure, or set"):
        Objects(bucket)


class Answer(BaseHTTPRequestHandler):
    """Answers with the server's next status; with 304 to a client that has the present version."""

    server: "Web"

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        status = self.server.failures.pop(0) if self.server.failures else 200
        if status == 200 and self.headers.get("If-None-Match") == '"1"':
            status = 304
        self.send_response(status)
        content = b"text,label\n" if status == 200 else b""
        self.send_header("ETag", '"1"')
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Web(ThreadingHTTPServer):
    """A server of one file."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.asked: list[str] = []
        self.failures: list[int] = []


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(web, "FIRST_WAIT", 0.0)
    with Web() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_file_of_the_web_is_fetched_once_and_a_variable_stands_for_its_secret(
    site: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGNED", "sig=unspoken")
    address = f"http://127.0.0.1:{site.server_port}/films.csv?$SIGNED"
    path = fetch(address)
    inode = path.stat().st_ino
    assert path.read_bytes() == b"text,label\n"
    assert fetch(address).stat().st_ino == inode
    assert site.asked == ["/films.csv?sig=unspoken"] * 2
    assert "unspoken" not in str(path)


def test_server_that_fails_for_a_while_is_asked_again(site: Web) -> None:
    site.failures = [503, 500]
    assert fetch(f"http://127.0.0.1:{site.server_port}/films.csv").read_bytes() == b"text,label\n"


@pytest.mark.parametrize(("failures", "status"), [([404], 404), ([403], 403), ([503] * 9, 503)])
def test_file_of_the_web_that_cannot_be_read_is_one_line(site: Web, failures: list[int], status: int) -> None:
    site.failures = failures
    with pytest.raises(
        UserError, match=f"films.csv cannot be read: the server answered with status {status}; expected"
    ):
        fetch(f"http://127.0.0.1:{site.server_port}/films.csv")


def test_unset_variable_is_one_line(site: Web) -> None:
    with pytest.raises(UserError, match="the environment variable NO_SUCH is not set; expected it for http://127"):
        fetch(f"http://127.0.0.1:{site.server_port}/films.csv?$NO_SUCH")
