"""The objects below an address of an object store: read, written, listed and deleted, and what failed in one line.

Requests that fail for a reason that may pass (no connection, status 429 or 5xx) are repeated for up to two minutes. An
object is written in one step: a reader sees the old one or the new one.
"""

import contextlib
import os
import re
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from tasks.errors import UserError
from tasks.formatting.addresses import find_scheme
from tasks.formatting.commands import spell_install

if TYPE_CHECKING:
    from obstore.store import ObjectStore

RETRY_SECONDS: Final = 120
# The time alone limits them: waits are drawn at random, and many are short.
MOST_RETRIES: Final = 10_000
SHORTEST_TIMEOUT: Final = 10.0
MOST_CONFLICTS: Final = 10
CONFLICT_SECONDS: Final = 0.2
CHUNK_BYTES: Final = 2**23
EXTRA: Final = "'sequence-bakeoff[cloud]'"
# What the stores' servers say of credentials that are too old, with whatever status.
EXPIRED: Final = ("ExpiredToken", "RequestExpired", "TokenRefreshRequired", "InvalidToken")
FULL: Final = ("InsufficientStorage", "QuotaExceeded", "status code: 507", "No space left", "XMinioStorageFull")
# A store whose disk is full may say no more than that it failed to write.
WRITING: Final = ("performing PUT", "performing POST")
# What the stores' servers say is wrong, in XML.
ANSWER: Final = re.compile(r"<(?:Code|Message)>([^<]+)<")
# An object that must not exist yet.
ABSENT: Final = "create"
# What tells one version of an object from others: the store's own words.
Version = dict[str, str]


class Found(NamedTuple):
    """The content of an object, and what tells its version."""

    content: bytes
    version: Version


class Listed(NamedTuple):
    """An object as a listing describes it; `key` is relative to the address."""

    key: str
    num_bytes: int
    modified: datetime


class Objects:
    """The objects below an address such as s3://bucket/folder; every method raises UserError if the store fails it."""

    def __init__(self, address: str, *, retry_seconds: float = RETRY_SECONDS) -> None:
        self.address = address
        with errors_explained(address):
            self.store = connect(address, retry_seconds=retry_seconds)

    def get(self, key: str) -> Found | None:
        """Read a small object; None if there is none."""
        with errors_explained(f"{self.address}/{key}"), contextlib.suppress(FileNotFoundError):
            found = self.store.get(key)
            return Found(bytes(found.bytes()), name_version(found.meta))
        return None

    def put(self, key: str, content: bytes, *, over: Version | Literal["create"] | None = None) -> Version | None:
        """Write a small object, over a given version or none if that is wanted; None if another was there instead.

        A request that was repeated may meet its own effect, so content that is there already counts as written. A store
        may answer that two requests were in conflict although neither has written anything; that is tried again.
        """
        for attempt in range(MOST_CONFLICTS):
            if (written := self.try_to_put(key, content, over=over)) is not None:
                return written
            there = self.get(key)
            if there and there.content == content:
                return there.version
            if over != (there.version if there else ABSENT):
                return None
            time.sleep(CONFLICT_SECONDS * attempt)
        raise UserError(
            f"{self.address}/{key} cannot be written: other processes write it all the time; expected one at a time. "
            "Run the same command again; it resumes where it stopped."
        )

    def try_to_put(self, key: str, content: bytes, *, over: Version | Literal["create"] | None) -> Version | None:
        """Send one request; returns the version that was written, None if the store refused it for what is there."""
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        mode: Any = "overwrite" if over is None else over
        with errors_explained(f"{self.address}/{key}"):
            try:
                return name_version(self.store.put(key, content, mode=mode))
            except (AlreadyExistsError, PreconditionError):
                if over is None:
                    raise
            except FileNotFoundError:
                # That of an object to be replaced; otherwise there is no bucket.
                if over is None or over == ABSENT:
                    raise
        return None

    def upload(self, path: Path, key: str) -> None:
        """Write a file of any size, part by part."""
        with errors_explained(f"{self.address}/{key}"):
            self.store.put(key, path, mode="overwrite", use_multipart=path.stat().st_size > CHUNK_BYTES)

    def download(self, key: str, path: Path) -> bool:
        """Read an object of any size into a file; returns whether there is one."""
        with errors_explained(f"{self.address}/{key}"), contextlib.suppress(FileNotFoundError):
            found = self.store.get(key)
            with path.open("wb") as file:
                for chunk in found.stream(min_chunk_size=CHUNK_BYTES):
                    file.write(chunk)
            return True
        return False

    def measure(self, key: str) -> int | None:
        """Return the number of bytes of an object; None if there is none."""
        with errors_explained(f"{self.address}/{key}"), contextlib.suppress(FileNotFoundError):
            return int(self.store.head(key)["size"])
        return None

    def list(self, folder: str = "") -> Iterator[Listed]:
        """List all objects below a folder, in whatever order."""
        with errors_explained(f"{self.address}/{folder}"):
            for batch in self.store.list(prefix=folder or None):
                for it in batch:
                    yield Listed(it["path"], int(it["size"]), it["last_modified"])

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects; one that is gone already is none of the caller's concern."""
        with errors_explained(self.address):
            for key in keys:
                with contextlib.suppress(FileNotFoundError):
                    self.store.delete(key)


@lru_cache
def open_objects(address: str, *, retry_seconds: float = RETRY_SECONDS) -> Objects:
    """Connect to an address once per process; requests that fail are repeated for so many seconds."""
    return Objects(address, retry_seconds=retry_seconds)


def name_version(meta: Any) -> Version:
    """Keep what tells the version of an object."""
    return {name: meta[name] for name in ("e_tag", "version") if meta[name] is not None}


def connect(address: str, *, retry_seconds: float) -> "ObjectStore":
    """Connect to an object store; credentials, region and endpoint are read where the cloud's own tools keep them."""
    try:
        from obstore.store import from_url
    except ModuleNotFoundError as error:
        raise UserError(
            f"{address} needs the extra cloud; expected it to be installed: {spell_install(EXTRA)}"
        ) from error

    options: dict[str, Any] = find_settings(address) if find_scheme(address) == "s3" else {}
    store: ObjectStore = from_url(
        address,
        client_options={
            "timeout": timedelta(seconds=max(retry_seconds, SHORTEST_TIMEOUT)),
            "connect_timeout": timedelta(seconds=10),
            # An endpoint on this machine or in the same network, which somebody has named, may have no certificate.
            "allow_http": True,
        },
        retry_config={
            "max_retries": MOST_RETRIES,
            "retry_timeout": timedelta(seconds=retry_seconds),
            "backoff": {"init_backoff": timedelta(milliseconds=500), "max_backoff": timedelta(seconds=5), "base": 2},
        },
        **options,
    )
    return store


def find_settings(address: str) -> dict[str, Any]:
    """Find the region and the credentials of S3 as AWS's tools do; raises UserError if there are no credentials."""
    import boto3

    session = boto3.Session()
    found: dict[str, Any] = {"region": session.region_name or "us-east-1"}
    if os.environ.get("AWS_SKIP_SIGNATURE", "").lower() in {"1", "true"}:
        return {**found, "skip_signature": True}
    if session.get_credentials() is None:
        raise UserError(
            f"there are no credentials for {address}; expected some where AWS's tools keep them. Run: aws configure, "
            "or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        )
    return {**found, "credential_provider": read_credentials}


def read_credentials() -> Any:
    """Read the credentials of S3 anew, as they may have been renewed."""
    import boto3

    credentials = boto3.Session().get_credentials()
    if credentials is None:
        raise UserError("there are no credentials any more; expected some where AWS's tools keep them.")
    frozen = credentials.get_frozen_credentials()
    return {
        "access_key_id": frozen.access_key,
        "secret_access_key": frozen.secret_key,
        "token": frozen.token,
        "expires_at": datetime.now(UTC) + timedelta(minutes=1),
    }


@contextlib.contextmanager
def errors_explained(place: str) -> Iterator[None]:
    """Turn an error of the store into a UserError; a missing object stays a FileNotFoundError."""
    try:
        yield
    except (FileNotFoundError, UserError):
        raise
    except Exception as error:
        if not type(error).__module__.startswith("obstore"):
            raise
        raise UserError(describe_failure(place, error)) from error


def describe_failure(place: str, error: Exception) -> str:
    """Say in one line what a store's error means and what to do."""
    from obstore.exceptions import PermissionDeniedError, UnauthenticatedError

    text = str(error)
    again = "and run the same command again; it resumes where it stopped."
    if any(word in text for word in FULL):
        return f"the store is full under {place}; expected to be able to write there. Free some space {again}"
    if isinstance(error, PermissionDeniedError | UnauthenticatedError) or any(word in text for word in EXPIRED):
        return (
            f"{place} was refused to these credentials; expected valid ones with the right to read, write and list. "
            f"Renew or correct them {again}"
        )
    writes = any(word in text for word in WRITING)
    health = "can be reached and has free space," if writes else "can be reached"
    return f"{place} cannot be used: {find_reason(text)}; expected an answer. Make sure that the store {health} {again}"


def find_reason(text: str) -> str:
    """Take the reason from a store's error: its first line, and what the server's XML says is wrong."""
    first = text.partition("\n")[0].partition("<?xml")[0]
    reason = " ".join(first.split()).rstrip(":")
    told = [" ".join(it.split()).rstrip(".") for it in ANSWER.findall(text.partition("\n\n")[0])]
    return f"{reason}: {', '.join(told)}" if told else reason
