"""What the course note says of its models on IMDB reviews, held against what a run measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tasks.compare.facts import Claim, Pair, Training
from tasks.compare.leaderboard import beats
from tasks.compare.leaderboard_facts import LeaderboardRow

THE_DATASET: Final = "imdb_reviews"
# From here on a gap between training and validation counts as clear.
CLEAR_GAP: Final = 0.05
NUM_PARAMS: Final = {"flatten": 171_533, "conv-average": 171_149, "bigru": 169_997}
SMALL, FULL, SMALL_PARAMS = "bilstm-small", "bilstm", 30_129
SLOWEST_LAST: Final = ("conv-average", "bigru", "bilstm")


@dataclass(frozen=True)
class Evidence:
    """What the claims are judged by: the leaderboard's rows by name, pairs, trainings and the run's dataset."""

    rows: Mapping[str, LeaderboardRow]
    pairs: Sequence[Pair]
    trainings: Mapping[str, Sequence[Training]]
    dataset: str
    is_whole: bool
    num_classes: int

    @property
    def accuracies(self) -> dict[str, float]:
        """The mean accuracy of each model that trained."""
        return {name: row.accuracy.mean for name, row in self.rows.items() if row.accuracy}

    def lacks(self, *names: str) -> str | None:
        """Say which of the models the run has no result of; None when it has all."""
        missing = [name for name in names if name not in self.accuracies]
        return f"this run has no result of {', '.join(missing)}" if missing else None

    def differs_from_note(self) -> str | None:
        """Say what sets the run's data apart from the note's; None when they are the same."""
        if self.dataset != THE_DATASET:
            return f"the note speaks of IMDB reviews, this run is on {self.dataset}"
        return None if self.is_whole else "the note speaks of all IMDB reviews, this run read a part"


def judge_claims(evidence: Evidence) -> tuple[Claim, ...]:
    """Judge every claim, in the order of the note."""
    return (
        *(judge_num_params(evidence, name, number) for name, number in NUM_PARAMS.items()),
        judge_small_lstm(evidence),
        judge_epoch_times(evidence),
        judge_accuracy(evidence, "flatten", claim="Flatten reaches high accuracy"),
        judge_overfitting(evidence, "flatten", claim="Flatten overfits clearly"),
        judge_accuracy(evidence, "bigru", claim="the bidirectional GRU's accuracy is good"),
        judge_overfitting(evidence, "bigru", claim="the bidirectional GRU still overfits"),
    )


def judge_num_params(evidence: Evidence, name: str, expected: int) -> Claim:
    """Compare a number of parameters."""
    claim = f"{name} has {expected:,} parameters"
    if reason := evidence.lacks(name) or has_other_head(evidence):
        return Claim(claim=claim, measured="-", verdict="not comparable", reason=reason)
    found = evidence.rows[name].num_params
    return Claim(
        claim=claim,
        measured=f"{found:,}",
        verdict="confirmed" if found == expected else "refuted",
        reason="counted in the trained model",
    )


def has_other_head(evidence: Evidence) -> str | None:
    """Say that the note's numbers are for two classes, if the run has others."""
    two = 2
    return None if evidence.num_classes == two else f"the note has two classes, this run {evidence.num_classes}"


def judge_small_lstm(evidence: Evidence) -> Claim:
    """The note gives the bidirectional LSTM the parameters of a smaller model than it lists."""
    claim = f"with a bidirectional LSTM of 32 units the model has only {SMALL_PARAMS:,} parameters"
    if reason := evidence.lacks(SMALL, FULL) or has_other_head(evidence):
        return Claim(claim=claim, measured="-", verdict="not comparable", reason=reason)
    full, small = evidence.rows[FULL].num_params, evidence.rows[SMALL].num_params
    return Claim(
        claim=claim,
        measured=f"{full:,} as listed; {small:,} with 1,000 words and Dense 24",
        verdict="confirmed" if full == SMALL_PARAMS else "refuted",
        reason="the number belongs to a vocabulary of 1,000 and a wider dense layer, "
        "not to the model that the note lists",
    )


def judge_epoch_times(evidence: Evidence) -> Claim:
    """Compare the order of the times per epoch; the times themselves are another machine's."""
    claim = "an epoch takes 6 s with a convolution, 20 s with a GRU, 43 s with an LSTM: in this order"
    if reason := evidence.lacks(*SLOWEST_LAST):
        return Claim(claim=claim, measured="-", verdict="not comparable", reason=reason)
    seconds = [it for name in SLOWEST_LAST if (it := evidence.rows[name].epoch_seconds) is not None]
    measured = ", ".join(f"{name} {value:.1f} s" for name, value in zip(SLOWEST_LAST, seconds, strict=True))
    return Claim(
        claim=claim,
        measured=measured,
        verdict="confirmed" if seconds == sorted(seconds) else "refuted",
        reason="only the order is compared: the times depend on the machine, "
        "and the order on how each layer is implemented",
    )


def judge_accuracy(evidence: Evidence, name: str, *, claim: str) -> Claim:
    """High is what cannot be told from the best of the note's models."""
    if reason := evidence.lacks(name) or evidence.differs_from_note():
        return Claim(claim=claim, measured="-", verdict="not comparable", reason=reason)
    group = evidence.rows[name].group
    better = [
        other for other in evidence.rows if evidence.rows[other].group == group and beats(other, name, evidence.pairs)
    ]
    return Claim(
        claim=claim,
        measured=f"{evidence.accuracies[name]:.1%}",
        verdict="refuted" if better else "confirmed",
        reason=f"told apart from {', '.join(better)}, which read more right"
        if better
        else "no other model of the note can be told to be better",
    )


def judge_overfitting(evidence: Evidence, name: str, *, claim: str) -> Claim:
    """A clear gap in accuracy in the last epoch, while validation loss has risen from its lowest."""
    if reason := evidence.lacks(name) or evidence.differs_from_note():
        return Claim(claim=claim, measured="-", verdict="not comparable", reason=reason)
    trainings = evidence.trainings[name]
    gap = sum(training.gap_at_last for training in trainings) / len(trainings)
    rise = sum(training.later_epochs.val_loss_change for training in trainings) / len(trainings)
    return Claim(
        claim=claim,
        measured=f"training {100 * gap:.1f} points above validation in the end; "
        f"validation loss {rise:+.3f} since its best",
        verdict="confirmed" if gap >= CLEAR_GAP and rise > 0 else "refuted",
        reason=f"clear is a gap of {100 * CLEAR_GAP:.0f} points or more together with a rising validation loss",
    )
