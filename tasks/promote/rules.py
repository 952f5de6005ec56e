"""What a run's settings say about the gate."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Margins:
    """How much worse a candidate may be, as shares: over all reviews, and in any slice."""

    overall: float
    per_slice: float


@dataclass(frozen=True, kw_only=True)
class GateRules:
    """The margins, a variant to put forward in place of the recommended one, and whether the champion may change."""

    margins: Margins
    candidate: str | None
    promote: bool
