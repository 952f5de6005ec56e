"""The folder of a run: written whole or not at all, and found under runs/latest."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from tasks.compare.leaderboard_facts import LeaderboardRow, Spread
from tasks.errors import UserError
from tasks.report.run.facts import LEADERBOARD, METRICS, RunMetrics
from tasks.report.run.page import render_page
from tasks.report.run.render import render_markdown
from tasks.store.contract import open_store
from tasks.store.durable import flush, replace_durably
from tasks.store.layout import LATEST, RUNS, TUNED
from tasks.store.sums import sum_files, write_sums


def write_run(artifacts_dir: Path, metrics: RunMetrics, config_json: str, tuned_toml: str | None = None) -> Path:
    """Write a run's files, all made from its metrics; returns their folder.

    metrics.json, leaderboard.json (the part that scripts read), leaderboard.csv, summary.md, report.html, config.json,
    tuned.toml if models were tuned, and the hash of each.
    """
    leaderboard = metrics.select_leaderboard()
    folder = artifacts_dir / RUNS / metrics.run.id
    with written_whole(folder) as work:
        metrics.write(work / METRICS)
        leaderboard.write(work / LEADERBOARD)
        rows = [flatten_row(row, metrics.run.dataset) for row in metrics.variants]
        pd.DataFrame(rows).to_csv(work / "leaderboard.csv", index=False)
        (work / "summary.md").write_text(render_markdown(metrics), "utf-8")
        (work / "report.html").write_text(render_page(metrics), "utf-8")
        (work / "config.json").write_text(config_json + "\n", "utf-8")
        if tuned_toml is not None:
            (work / TUNED).write_text(tuned_toml, "utf-8")
    share(folder, artifacts_dir)
    return folder


def share(folder: Path, artifacts_dir: Path) -> None:
    """Give the folder of a run to all machines, and make it the newest."""
    open_store(artifacts_dir).publish_folder(folder.relative_to(artifacts_dir).as_posix())
    point_latest(folder)


def receive_latest(artifacts_dir: Path, place: str) -> None:
    """Bring the newest run of a place such as runs to this machine, if the artifacts are in an object store."""
    store = open_store(artifacts_dir)
    if pointer := store.get_pointer(f"{place}/{LATEST}"):
        store.fetch_folder(f"{place}/{pointer.value}")


@contextlib.contextmanager
def written_whole(folder: Path) -> Iterator[Path]:
    """Yield a folder beside the wanted one to write into; it is renamed once all is written, or else removed.

    The hashes of its files are added.
    """
    work = folder.with_name(f".{folder.name}")
    work.mkdir(parents=True)
    try:
        yield work
        for path in work.iterdir():
            flush(path)
        write_sums(work, sum_files(work))
        replace_durably(work, folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def flatten_row(row: LeaderboardRow, dataset: str) -> dict[str, object]:
    """Spread a row's accuracy over columns; a failed variant has the same columns without values."""
    accuracy = row.accuracy.model_dump() if row.accuracy else dict.fromkeys(Spread.model_fields)
    spread = {f"accuracy_{key}": value for key, value in accuracy.items()}
    if row.score:
        spread |= {f"score_{key}": value for key, value in row.score.model_dump().items()}
    return {
        "dataset": dataset,
        **row.model_dump(exclude={"score", "bounds"}),
        **spread,
        "models": " ".join(row.models),
    } | {"accuracy": row.accuracy.mean if row.accuracy else None}


def point_latest(folder: Path) -> None:
    """Make `latest` beside the folder a relative link to it, so that the tree can be moved.

    Raises UserError when a folder is in the link's place.
    """
    link = folder.with_name(LATEST)
    if link.is_dir() and not link.is_symlink():
        raise UserError(
            f"{str(link)!r} is a folder, perhaps because a copy followed the link; expected a link to the newest run. "
            "Move it away and run again."
        )
    store, name = open_store(folder.parents[1]), f"{folder.parent.name}/{LATEST}"
    while not store.swap_pointer(name, folder.name, over=store.get_pointer(name)):
        pass
