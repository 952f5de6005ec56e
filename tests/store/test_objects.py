"""A store that fails for a while is asked again; one that goes on failing is one line; and nothing is written twice."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.errors import UserError
from tasks.formatting.addresses import find_copy
from tasks.store.bucket import Bucket
from tasks.store.contract import open_store
from tasks.store.objects import ABSENT, Objects, read_credentials
from tasks.store.outputs import Output, produce

CONFLICT = b"<Error><Code>ConditionalRequestConflict</Code></Error>"
EXPIRED = b"<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>"
FULL = b"<Error><Code>XMinioStorageFull</Code></Error>"
QUOTA = b"<Error><Code>XMinioAdminBucketQuotaExceeded</Code></Error>"
FAILED = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n'
    b"<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>"
)
DENIED = b"<Error><Code>AccessDenied</Code></Error>"
Fault = tuple[int, bytes] | str | None


@pytest.fixture
def objects(bucket: str, proxy: Any) -> Objects:
    assert proxy
    return Objects(f"{bucket}/x", retry_seconds=20)


@pytest.fixture
def hasty(bucket: str, proxy: Any) -> Objects:
    assert proxy
    return Objects(f"{bucket}/x", retry_seconds=0.5)


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_server_that_fails_for_a_while_is_asked_again(objects: Objects, proxy: Any, status: int) -> None:
    for work in (lambda: objects.put("a", b"1"), lambda: objects.get("a"), lambda: list(objects.list())):
        proxy.faults = [(status, b"")] * 2
        assert work()
        assert proxy.faults == []


def test_connection_that_is_lost_is_made_again(objects: Objects, proxy: Any) -> None:
    objects.put("a", b"1")
    proxy.faults = ["drop", "drop"]
    found = objects.get("a")
    assert found is not None
    assert found.content == b"1"


def test_slow_server_is_waited_for(objects: Objects, proxy: Any, tmp_path: Path) -> None:
    content = bytes(20_000_000)
    (tmp_path / "file").write_bytes(content)
    proxy.faults = [0.2] * 20
    objects.upload(tmp_path / "file", "a")
    assert objects.measure("a") == len(content)
    assert objects.download("a", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == content


def test_own_object_whose_answer_was_lost_counts_as_written(objects: Objects, proxy: Any) -> None:
    proxy.faults = ["drop"]
    version = objects.put("a", b"1", over=ABSENT)
    assert version is not None
    proxy.faults = ["drop"]
    assert objects.put("a", b"2", over=version) is not None
    assert proxy.faults == []
    assert objects.put("a", b"3", over=version) is None
    assert objects.put("a", b"3", over=ABSENT) is None


def test_conflict_of_two_that_write_at_once_is_no_error(objects: Objects, proxy: Any) -> None:
    proxy.concerns = lambda method, _: method == "PUT"
    proxy.faults = [(409, CONFLICT)]
    first = objects.put("a", b"1", over=ABSENT)
    proxy.faults = [(409, CONFLICT)]
    assert first is not None
    assert objects.put("a", b"2", over=first) is not None
    found = objects.get("a")
    assert found is not None
    assert found.content == b"2"


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ((403, DENIED), "was refused to these credentials; expected valid ones"),
        (
            (400, EXPIRED),
            "was refused to these credentials; expected .*Renew or correct them and run",
        ),
        ((507, FULL), "the store is full under s3://.*; expected to be able to write there. Free some space and run"),
        ((403, QUOTA), "the store is full under s3://"),
        ((503, b""), "cannot be used: .*503.*; expected an answer. Make sure that the store can be reached and has"),
        (
            (500, FAILED),
            "500 Internal Server Error: InternalError, We encountered an internal error; .* and has free space, and",
        ),
        ((500, b""), "cannot be used: .*500 Internal Server Error; expected"),
        ("drop", "cannot be used: .*; expected an answer"),
    ],
)
def test_failure_that_lasts_is_one_line_without_secrets(
    hasty: Objects, proxy: Any, tmp_path: Path, fault: Fault, message: str
) -> None:
    (tmp_path / "file").write_text("weights")
    works: list[Callable[[], Any]] = [lambda: hasty.put("a", b"1"), lambda: hasty.upload(tmp_path / "file", "a")]
    for work in works:
        proxy.faults = [fault] * 50
        with pytest.raises(UserError, match=message) as caught:
            work()
        assert "\n" not in str(caught.value)
        assert "unspoken" not in str(caught.value)
        assert "Debug source" not in str(caught.value)


def test_server_that_is_gone_is_one_line(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(
        UserError, match=r"cannot be used: .*; expected an answer. Make sure that the store can be reac"
    ):
        Objects(bucket, retry_seconds=0.5).get("a")


def test_credentials_are_read_anew_when_they_have_been_renewed(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert bucket
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    path = tmp_path / "credentials"
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(path))
    for key in ("first", "renewed"):
        path.write_text(f"[default]\naws_access_key_id = {key}\naws_secret_access_key = unspoken\n")
        assert read_credentials()["access_key_id"] == key
    path.unlink()
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(UserError, match="there are no credentials any more"):
        read_credentials()


def plan(root: Path) -> Output:
    return Output(
        root=root,
        kind="training",
        name="lstm",
        family="models/lstm",
        folder="models/lstm/{fingerprint}",
        decided_by={},
        facts_type=dict,
    )


def write(folder: Path) -> dict[str, Any]:
    (folder / "model").write_text("weights")
    return {}


def test_output_is_whole_or_missing_whichever_request_fails(
    bucket: str, proxy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = find_copy(f"{bucket}/artifacts")
    store, folder = open_store(root), plan(root).relative_path
    assert isinstance(store, Bucket)
    store.announce()
    monkeypatch.setattr(store, "objects", Objects(store.address, retry_seconds=0.2))
    number, is_made = 0, False
    while not is_made:
        proxy.faults = [*[None] * number, *[(403, DENIED)] * 50]
        with contextlib.suppress(UserError):
            produce(plan(root), write)
            is_made = True
        proxy.faults = []
        found = store.objects.get(f"{folder}/manifest.json")
        assert found is None or store.is_whole(folder, found.content)
        number += 1
    # Looking for the manifest, the lease, the checkpoints, the file, the manifest, and what was last used.
    assert number > 5
    assert store.fetch(folder, "manifest.json")
