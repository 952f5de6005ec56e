"""The model that answers: loaded, tried out, and replaced when another becomes the champion.

A model that cannot be used never replaces one that can: it is refused, and tried again from time to time, since it may
be a copy in progress.
"""

import gc
import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tasks.errors import UserError
from tasks.evaluate.bundle import Bundle, faults_explained, find_bundle, identify_bundle, load_bundle
from tasks.predict.scoring import Additions, describe_additions
from tasks.predict.single import score_batch
from tasks.promote.champion import check_current
from tasks.promote.identity import identify
from tasks.promote.shared import receive_model

# After these many seconds, a model that was refused is tried again.
RETRY_SECONDS: Final = 10.0
# Batches of several sizes, because a network's graph is made for the first ones that it sees.
TRIAL_SIZES: Final = (1, 2, 3)
CARD_FILE: Final = "MODEL_CARD.md"

logger: Final = logging.getLogger(__name__)

# Where a bundle is, and the hashes of its manifests, which contain those of all its files.
Place = tuple[Path, dict[str, str]]


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A model in use: its bundle, the name of that among the champions, and when it was loaded."""

    bundle: Bundle
    additions: Additions
    name: str
    card: str | None
    place: Place
    since: str


class Follower:
    """Holds the model in use; `refused` says why the one that should replace it was not taken, None if there is none.

    `look` may run in a thread of its own while others read `current`, which changes in one step.
    """

    def __init__(self, model_folder: Path, *, min_confidence: float) -> None:
        self.model_folder = model_folder
        self.min_confidence = min_confidence
        self.refused: str | None = None
        self.tried: tuple[Place | None, float] = (None, 0.0)
        self.current = self.load(self.find_place())

    def find_place(self) -> Place:
        """Find the bundle that should be in use; raises UserError when there is none."""
        receive_model(self.model_folder)
        folder = find_bundle(self.model_folder)
        try:
            return folder, identify_bundle(folder)
        except OSError as error:
            raise UserError(
                f"the model in {str(folder)!r} cannot be read: {error.strerror}; expected a whole bundle. Copy it "
                "again."
            ) from error

    def load(self, place: Place) -> Loaded:
        """Load a bundle and score a few texts; raises UserError when it cannot be used."""
        folder, _ = place
        with faults_explained(folder):
            check_current(self.model_folder)
            bundle = load_bundle(folder)
            additions = describe_additions(bundle.facts, prefix="", min_confidence=self.min_confidence)
            for size in TRIAL_SIZES:
                score_batch([b"a text to try it out"] * size, bundle, additions)
            return Loaded(
                bundle=bundle,
                additions=additions,
                name=identify(folder).name,
                card=read_card(folder),
                place=place,
                since=datetime.now(UTC).isoformat(timespec="seconds"),
            )

    def look(self) -> None:
        """Replace the model if another should be in use and can be."""
        place: Place | None = None
        try:
            place = self.find_place()
            if place != self.current.place and self.is_due(place):
                loaded = self.load(place)
                # While it was loaded, the champion may have changed again; the next look finds that one.
                if self.find_place() == place:
                    self.replace(loaded)
            elif place == self.current.place:
                self.refuse(None)
        except (UserError, MemoryError) as error:
            self.tried = (place, time.monotonic())
            self.refuse(str(error) or "there is not enough memory for both models")

    def is_due(self, place: Place) -> bool:
        """Tell whether a bundle has not been tried yet, or not recently."""
        tried, at = self.tried
        return tried != place or time.monotonic() - at >= RETRY_SECONDS

    def replace(self, loaded: Loaded) -> None:
        """Use another model from the next batch on."""
        logger.info("%s answers in place of %s", loaded.name, self.current.name)
        self.current = loaded
        self.refused = None
        # A network and its graphs refer to each other; what waits for a later collection would fill memory.
        gc.collect()

    def refuse(self, reason: str | None) -> None:
        """Keep the model in use, and log why if that is news."""
        if reason and reason != self.refused:
            logger.warning("%s goes on answering, because its successor was refused: %s", self.current.name, reason)
        elif self.refused and not reason:
            logger.info("%s is the model that should be in use again", self.current.name)
        self.refused = reason


def read_card(folder: Path) -> str | None:
    """Read the model card; None if a bundle of an older version has none."""
    path = folder / CARD_FILE
    return path.read_text(encoding="utf-8") if path.is_file() else None
