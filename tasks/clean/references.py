"""What champions and the newest runs refer to, directly or through the inputs that it was made from."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from tasks.clean.inventory import Item, read_manifests, read_start
from tasks.errors import UserError
from tasks.promote.history import list_standing, read_history
from tasks.promote.link import BUNDLES, find_champion
from tasks.store.layout import CHAMPION, MODELS, TRAIN_FILE
from tasks.store.outputs import Manifest
from tasks.store.sums import check_sum

# The documents that name a run's models, the most complete first.
RUN_DOCUMENTS: Final = ("metrics.json", "leaderboard.json", "probe.json", "curve.json")


class Span(NamedTuple):
    """The time from a run's start to its report, in seconds since the epoch."""

    start: float
    end: float


class References(NamedTuple):
    """What must stay: folders by name, everything last used within a span, and the inputs that the manifests list."""

    names: frozenset[str]
    spans: tuple[Span, ...]
    manifests: tuple[Manifest[dict[str, Any]], ...]


def gather_references(artifacts_dir: Path, runs: Sequence[Item]) -> References:
    """Gather what the champions and the given runs refer to; raises UserError when one of them cannot be read."""
    bundles = list_champions(artifacts_dir)
    names = {name_model(bundle) for bundle in bundles}
    for run in runs:
        names |= find_models(read_run(run))
    manifests = [it for bundle in bundles for it in read_manifests(artifacts_dir / CHAMPION / BUNDLES / bundle)]
    return References(frozenset(names), tuple(measure_span(run) for run in runs), tuple(manifests))


def list_champions(artifacts_dir: Path) -> list[str]:
    """List the names of the champion's bundle and of earlier champions that a rollback can return to."""
    folder = artifacts_dir / CHAMPION
    champion = find_champion(folder)
    return list(dict.fromkeys([*list_standing(read_history(folder)), *([champion.name] if champion else [])]))


def name_model(bundle: str) -> str:
    """Return the folder of a champion's model: name_model("lstm-0123-ab") -> "models/lstm/0123"."""
    parts = bundle.rsplit("-", 2)
    return f"{MODELS}/{parts[0]}/{parts[1]}" if len(parts) > 2 else bundle  # noqa: PLR2004


def read_run(run: Item) -> Any:
    """Read the document of a run, None if it has none; raises UserError when it cannot be read."""
    path = next((run.path / name for name in RUN_DOCUMENTS if (run.path / name).exists()), None)
    if path is None:
        return None
    try:
        check_sum(path)
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, UserError) as error:
        raise UserError(
            f"{str(path)!r} is damaged, so it is unknown which outputs the run needs; expected it as it was written. "
            "Delete the run's folder if it is not needed."
        ) from error


def find_models(content: Any) -> set[str]:
    """Find the folders of models that a run's document names anywhere."""
    return {text for text in walk_strings(content) if text.startswith(f"{MODELS}/")}


def walk_strings(content: Any) -> Iterator[str]:
    """Yield every string in plain JSON, except keys."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, dict):
        for value in content.values():
            yield from walk_strings(value)
    elif isinstance(content, list):
        for value in content:
            yield from walk_strings(value)


def measure_span(run: Item) -> Span:
    """Return the time from a run's start, which is in its name, to the writing of its last file."""
    return Span(read_start(run.path.name), run.last_used)


def find_referred(items: Sequence[Item], kept: Iterable[Item], references: References) -> set[Path]:
    """Find all items that stay: those kept anyway, those referred to, and everything that these were made from."""
    stays = {item.path for item in kept} | {item.path for item in items if is_referred(item, references)}
    while True:
        sources = list_sources(
            [*references.manifests, *(it for item in items if item.path in stays for it in item.manifests)]
        )
        more = {item.path for item in items if item.path not in stays and identify_content(item) & sources}
        if not more:
            return stays
        stays |= more


def is_referred(item: Item, references: References) -> bool:
    """Tell whether an item is named, or was last used by one of the runs."""
    return item.name in references.names or any(span.start <= item.last_used <= span.end for span in references.spans)


def list_sources(manifests: Iterable[Manifest[dict[str, Any]]]) -> set[str]:
    """List the hashes of everything that outputs were made from."""
    return {text for manifest in manifests for text in walk_strings(manifest.decided_by)}


def identify_content(item: Item) -> set[str]:
    """List the hashes by which others refer to reviews or sequences: that of the training split, and that of all files.

    The other files do not identify an output: a model contains its encoding's tokenizer, and reviews share test splits.
    """
    splits = {it.files[TRAIN_FILE].sha256 for it in item.manifests if TRAIN_FILE in it.files}
    return splits | {it.content_hash for it in item.manifests}
