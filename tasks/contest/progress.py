"""Tell how many models of a run are trained, and how long the others still take."""

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tqdm import tqdm

from tasks.baseline.facts import BaselineFacts
from tasks.compare.results import BASELINE, Entrant
from tasks.compare.run import Candidate
from tasks.contest.stages import Logger
from tasks.process.outlook import HEAR_ROUND, Outlook, Usual, Work, describe_seconds
from tasks.store.contract import open_store
from tasks.store.layout import MODELS
from tasks.store.outputs import Manifest, parse_manifest
from tasks.train.facts import TrainingFacts

SECONDS_BETWEEN_LINES: Final = 30.0
TRAINING: Final = "training.json"


class Watch:
    """Hears of trainings, and tells how far they are: by a bar on a terminal, and by a line in the log at times."""

    def __init__(self, outlook: Outlook, logger: Logger) -> None:
        self.outlook = outlook
        self.logger = logger
        self.told = time.monotonic()
        self.lock = threading.Lock()
        # disable=None: no bar unless standard error is a terminal.
        self.bar = tqdm(total=len(outlook.works), desc="models", unit="model", leave=False, disable=None)

    def watch(self, index: int, candidate: Candidate) -> Candidate:
        """Return the same candidate, whose training is heard of."""

        def train() -> Manifest[Any]:
            token = HEAR_ROUND.set(lambda rounds, limit, seconds: self.hear(index, rounds, limit, seconds))
            self.outlook.begin(index)
            try:
                model = candidate.train()
            except BaseException:
                self.outlook.end(index)
                raise
            finally:
                HEAR_ROUND.reset(token)
            self.outlook.end(index, seconds=model.facts.train_seconds, rounds=model.facts.epochs or 1)
            self.tell()
            return model

        return candidate._replace(train=train)

    def hear(self, index: int, rounds: float, limit: int, seconds: float) -> None:
        """Hear of an epoch."""
        self.outlook.hear(index, rounds=rounds, limit=limit, seconds=seconds)
        self.tell()

    def tell(self) -> None:
        """Update the bar, and log a line unless there was one a moment ago."""
        with self.lock:
            done, left = self.outlook.num_ended, self.outlook.estimate()
            if done == len(self.outlook.works):
                return
            about = f"training the others takes about {describe_seconds(left)}" if left is not None else ""
            self.bar.set_postfix_str(about, refresh=False)
            self.bar.update(done - self.bar.n)
            if about and time.monotonic() - self.told > SECONDS_BETWEEN_LINES:
                self.told = time.monotonic()
                self.logger.info("%d of %d models are trained; %s", done, len(self.outlook.works), about)


@contextlib.contextmanager
def watched(
    candidates: Sequence[Candidate], num_train: Sequence[int], *, jobs: int, logger: Logger, artifacts_dir: Path
) -> Iterator[list[Candidate]]:
    """Yield the same candidates, of whose trainings is told; `num_train` are the reviews that each learns from."""
    usual = {it.entrant.variant: find_usual(it.entrant, artifacts_dir) for it in candidates}
    watch = Watch(Outlook(list_works(candidates, num_train, usual), jobs=jobs), logger)
    try:
        yield [watch.watch(index, candidate) for index, candidate in enumerate(candidates)]
    finally:
        watch.bar.close()


def list_works(
    candidates: Sequence[Candidate], num_train: Sequence[int], usual: Mapping[str, Usual | None]
) -> list[Work]:
    """Describe trainings as works, whose rounds are epochs."""
    return [
        Work(kind=it.entrant.variant, amount=amount, effort=it.effort, usual=usual[it.entrant.variant])
        for it, amount in zip(candidates, num_train, strict=True)
    ]


def find_usual(entrant: Entrant, artifacts_dir: Path) -> Usual | None:
    """Find how long the newest model of the same name took for each review; None if there is none."""
    facts_type: type[TrainingFacts | BaselineFacts] = BaselineFacts if entrant.group == BASELINE else TrainingFacts
    family = f"{MODELS}/{entrant.variant}"
    for text in open_store(artifacts_dir).list_manifests(family, TRAINING, most=1):
        with contextlib.suppress(ValueError, ZeroDivisionError):
            facts = parse_manifest(text, facts_type).facts
            num_reviews = facts.reviews_per_second * (facts.epoch_seconds or facts.train_seconds)
            return Usual(facts.train_seconds / num_reviews, facts.epochs or 1)
    return None
