"""What the course note says of its models on IMDB reviews, held against what a run measured."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from tasks.compare.leaderboard import beats
from tasks.compare.significance import Pair

Verdict = Literal["confirmed", "refuted", "not comparable"]

THE_DATASET: Final = "imdb_reviews"
# From here on a gap between training and validation counts as clear.
CLEAR_GAP: Final = 0.05
NUM_PARAMS: Final = {"flatten": 171_533, "conv-average": 171_149, "bigru": 169_997}
SMALL, FULL, SMALL_PARAMS = "bilstm-small", "bilstm", 30_129
SLOWEST_LAST: Final = ("conv-average", "bigru", "bilstm")


@dataclass(frozen=True)
class Claim:
    """A sentence of the note, what was measured, and the verdict with its reason."""

    claim: str
    measured: str
    verdict: Verdict
    reason: str


@dataclass(frozen=True)
class Evidence:
    """What the claims are judged by: the leaderboard's rows by name, pairs, trainings and the run's dataset."""

    rows: Mapping[str, Mapping[str, Any]]
    pairs: Sequence[Pair]
    trainings: Mapping[str, Sequence[Mapping[str, Any]]]
    dataset: str
    is_whole: bool
    num_classes: int

    def lacks(self, *names: str) -> str | None:
        """Say which of the models the run has no result of; None when it has all."""
        missing = [name for name in names if self.rows.get(name, {}).get("accuracy") is None]
        return f"this run has no result of {', '.join(missing)}" if missing else None

    def differs_from_note(self) -> str | None:
        """Say what sets the run's data apart from the note's; None when they are the same."""
        if self.dataset != THE_DATASET:
            return f"the note speaks of IMDB reviews, this run is on {self.dataset}"
        return None if self.is_whole else "the note speaks of all IMDB reviews, this run read a part"


def judge_claims(evidence: Evidence) -> list[dict[str, str]]:
    """Judge every claim, in the order of the note."""
    claims = [
        *(judge_num_params(evidence, name, number) for name, number in NUM_PARAMS.items()),
        judge_small_lstm(evidence),
        judge_epoch_times(evidence),
        judge_accuracy(evidence, "flatten", claim="Flatten reaches high accuracy"),
        judge_overfitting(evidence, "flatten", claim="Flatten overfits clearly"),
        judge_accuracy(evidence, "bigru", claim="the bidirectional GRU's accuracy is good"),
        judge_overfitting(evidence, "bigru", claim="the bidirectional GRU still overfits"),
    ]
    return [asdict(claim) for claim in claims]


def judge_num_params(evidence: Evidence, name: str, expected: int) -> Claim:
    """Compare a number of parameters."""
    claim = f"{name} has {expected:,} parameters"
    if reason := evidence.lacks(name) or has_other_head(evidence):
        return Claim(claim, "-", "not comparable", reason)
    found = evidence.rows[name]["num_params"]
    return Claim(claim, f"{found:,}", "confirmed" if found == expected else "refuted", "counted in the trained model")


def has_other_head(evidence: Evidence) -> str | None:
    """Say that the note's numbers are for two classes, if the run has others."""
    two = 2
    return None if evidence.num_classes == two else f"the note has two classes, this run {evidence.num_classes}"


def judge_small_lstm(evidence: Evidence) -> Claim:
    """The note gives the bidirectional LSTM the parameters of a smaller model than it lists."""
    claim = f"with a bidirectional LSTM of 32 units the model has only {SMALL_PARAMS:,} parameters"
    if reason := evidence.lacks(SMALL, FULL) or has_other_head(evidence):
        return Claim(claim, "-", "not comparable", reason)
    full, small = evidence.rows[FULL]["num_params"], evidence.rows[SMALL]["num_params"]
    return Claim(
        claim,
        f"{full:,} as listed; {small:,} with 1,000 words and Dense 24",
        "confirmed" if full == SMALL_PARAMS else "refuted",
        "the number belongs to a vocabulary of 1,000 and a wider dense layer, not to the model that the note lists",
    )


def judge_epoch_times(evidence: Evidence) -> Claim:
    """Compare the order of the times per epoch; the times themselves are another machine's."""
    claim = "an epoch takes 6 s with a convolution, 20 s with a GRU, 43 s with an LSTM: in this order"
    if reason := evidence.lacks(*SLOWEST_LAST):
        return Claim(claim, "-", "not comparable", reason)
    seconds = [evidence.rows[name]["epoch_seconds"] for name in SLOWEST_LAST]
    measured = ", ".join(f"{name} {value:.1f} s" for name, value in zip(SLOWEST_LAST, seconds, strict=True))
    return Claim(
        claim,
        measured,
        "confirmed" if seconds == sorted(seconds) else "refuted",
        "only the order is compared: the times depend on the machine, and the order on how each layer is implemented",
    )


def judge_accuracy(evidence: Evidence, name: str, *, claim: str) -> Claim:
    """High is what cannot be told from the best of the note's models."""
    if reason := evidence.lacks(name) or evidence.differs_from_note():
        return Claim(claim, "-", "not comparable", reason)
    row = evidence.rows[name]
    better = [
        other
        for other in evidence.rows
        if evidence.rows[other]["group"] == row["group"] and beats(other, name, evidence.pairs)
    ]
    return Claim(
        claim,
        f"{row['accuracy']['mean']:.1%}",
        "refuted" if better else "confirmed",
        f"told apart from {', '.join(better)}, which read more right"
        if better
        else "no other model of the note can be told to be better",
    )


def judge_overfitting(evidence: Evidence, name: str, *, claim: str) -> Claim:
    """A clear gap in accuracy in the last epoch, while validation loss has risen from its lowest."""
    if reason := evidence.lacks(name) or evidence.differs_from_note():
        return Claim(claim, "-", "not comparable", reason)
    trainings = evidence.trainings[name]
    gap = sum(training["gap_at_last"] for training in trainings) / len(trainings)
    rise = sum(training["later_epochs"]["val_loss_change"] for training in trainings) / len(trainings)
    return Claim(
        claim,
        f"training {100 * gap:.1f} points above validation in the end; validation loss {rise:+.3f} since its best",
        "confirmed" if gap >= CLEAR_GAP and rise > 0 else "refuted",
        f"clear is a gap of {100 * CLEAR_GAP:.0f} points or more together with a rising validation loss",
    )
