"""What a run's reports are made from: metrics.json, and the part of it that scripts read, leaderboard.json."""

from typing import Final, Self

from pydantic import Field

from tasks.challenge.facts import Challenge
from tasks.compare.facts import Comparison
from tasks.compare.leaderboard_facts import Leaderboard, RunFacts
from tasks.compare.recommendation_facts import Recommendation
from tasks.drift.facts import Drift
from tasks.promote.facts import Decision
from tasks.report.audit.facts import AuditSection
from tasks.report.curve.section import CurveSection
from tasks.report.probe.section import Section
from tasks.store.facts import is_empty, is_none
from tasks.tune.facts import Tuning

METRICS: Final = "metrics.json"
LEADERBOARD: Final = "leaderboard.json"


class RunMetrics(Comparison):
    """The content of metrics.json, from which every page and table of a run is made.

    `drift`, `probe`, `curve`, `tuning`, `label_errors` and `challenges`, further test sets, are left out of the file
    when there is nothing to say about them.
    """

    run: RunFacts
    gate: Decision
    drift: Drift | None = Field(default=None, exclude_if=is_none)
    probe: Section | None = Field(default=None, exclude_if=is_none)
    curve: CurveSection | None = Field(default=None, exclude_if=is_none)
    tuning: Tuning | None = Field(default=None, exclude_if=is_none)
    label_errors: AuditSection | None = Field(default=None, exclude_if=is_none)
    challenges: tuple[Challenge, ...] = Field(default=(), exclude_if=is_empty)

    @classmethod
    def gather(
        cls,
        comparison: Comparison,
        *,
        run: RunFacts,
        gate: Decision,
        drift: Drift | None,
        probe: Section | None,
        curve: CurveSection | None = None,
        tuning: Tuning | None = None,
        label_errors: AuditSection | None = None,
        challenges: tuple[Challenge, ...] = (),
    ) -> Self:
        """Combine what the earlier steps of the run decided and measured."""
        parts = {name: getattr(comparison, name) for name in Comparison.model_fields if name != "schema_version"}
        return cls(
            run=run,
            gate=gate,
            drift=drift,
            probe=probe,
            curve=curve,
            tuning=tuning,
            label_errors=label_errors,
            challenges=challenges,
            **parts,
        )

    def select_leaderboard(self) -> "RunLeaderboard":
        """Select what scripts read: no reviews, and no numbers beyond one row per model."""
        gate = self.gate
        if gate.comparison:
            without_reviews = gate.comparison.model_copy(update={"lost": None})
            gate = gate.model_copy(update={"comparison": without_reviews})
        return RunLeaderboard(
            run=self.run,
            variants=self.variants,
            recommendation=self.recommendation,
            gate=gate,
            drift=self.drift,
            challenges=self.challenges,
        )


class RunLeaderboard(Leaderboard):
    """The content of leaderboard.json: the run, its models, which one to ship, and the gate's decision."""

    recommendation: Recommendation | None
    gate: Decision
    drift: Drift | None = Field(default=None, exclude_if=is_none)
    challenges: tuple[Challenge, ...] = Field(default=(), exclude_if=is_empty)
