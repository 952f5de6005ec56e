"""Train as many models as a run has time for, the best ones first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from tasks.compare.leaderboard_facts import LeftOut, TimeBudgetFacts
from tasks.compare.results import Entrant, ModelResult
from tasks.compare.run import Candidate, attempt_all, attempt_best_first, rank
from tasks.contest.stages import Logger
from tasks.evaluate.facts import EvaluationFacts, ModelManifest
from tasks.process.time_budget import LeftOutError, TimeBudget, limited_by
from tasks.store.outputs import Manifest

# An evaluation takes as long as so many predictions of the test split: it also reads the other splits.
PREDICTIONS: Final = 2


@dataclass
class TimeLimit:
    """The minutes that a run has for its models, what is left of them, and the models that did not fit."""

    minutes: float
    budget: TimeBudget
    left_out: list[LeftOut] = field(default_factory=list)
    has_begun: bool = False

    @classmethod
    def of(cls, minutes: float | None) -> Self | None:
        """Begin now; None if a run may take as long as it wants."""
        return None if minutes is None else cls(minutes, TimeBudget.of(60 * minutes))

    def attempt(
        self, candidates: Sequence[Candidate], *, jobs: int, logger: Logger, locks: Path | None = None
    ) -> list[ModelResult]:
        """Train and evaluate the models that fit; results are in the order of the candidates. Raises UserError.

        The best of the first candidates is trained and evaluated before all others, however long that takes, so that
        there is something to report, and that it is known how long an evaluation takes. `locks` are for evaluations
        side by side, which are foreseen as if they were done one after the other.
        """

        def note(entrant: Entrant, error: LeftOutError) -> None:
            logger.info("%s with seed %d %s", entrant.variant, entrant.seed, error)
            left = max(0, error.left)
            found = LeftOut(name=entrant.variant, seed=entrant.seed, needed_seconds=error.needed, left_seconds=left)
            self.left_out.append(found)

        first = [] if self.has_begun else sorted(candidates, key=rank)[:1]
        self.has_begun = True
        results = attempt_all(first, jobs=jobs)
        with limited_by(self.budget):
            others = [it for it in candidates if it not in first]
            results += attempt_best_first(others, jobs=jobs, leave_out=note, locks=locks)
        places = {(it.entrant.variant, it.entrant.seed): place for place, it in enumerate(candidates)}
        return sorted(results, key=lambda it: places[it.variant, it.seed])

    def evaluate(
        self, model: ModelManifest, evaluate: Callable[[], Manifest[EvaluationFacts]]
    ) -> Manifest[EvaluationFacts]:
        """Evaluate a model, for which time was kept free, and note how long an evaluation takes if it is made."""
        started, seconds = self.budget.clock(), 0.0
        try:
            evaluation = evaluate()
            seconds = max(self.budget.clock() - started, PREDICTIONS * evaluation.facts.predict_seconds)
            return evaluation
        finally:
            self.budget.settle(model.fingerprint, seconds=seconds)

    def describe(self) -> TimeBudgetFacts:
        """Say what fitted and what did not."""
        return TimeBudgetFacts(minutes=self.minutes, left_out=tuple(self.left_out))
