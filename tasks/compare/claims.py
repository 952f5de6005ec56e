"""The course notebook's claims about its models on IMDB reviews, compared with what a run measured.

This project grew out of that notebook, which trains ten models on the reviews and comments on their results.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tasks.compare.facts import Claim, Pair, Training
from tasks.compare.leaderboard import beats
from tasks.compare.leaderboard_facts import LeaderboardRow

THE_DATASET: Final = "imdb_reviews"
# The smallest gap between training and validation accuracy that counts as overfitting, as a share.
CLEAR_GAP: Final = 0.05
NUM_PARAMS: Final = {"flatten": 171_533, "conv-average": 171_149, "bigru": 169_997}
SMALL, FULL, SMALL_PARAMS = "bilstm-small", "bilstm", 30_129
SLOWEST_LAST: Final = ("conv-average", "bigru", "bilstm")


@dataclass(frozen=True)
class Evidence:
    """What the claims are judged by; `rows` and `trainings` are by variant.

    `is_whole` is False when the run used only part of its dataset.
    """

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
        """Name the models for which the run has no result; None when it has all of them."""
        missing = [name for name in names if name not in self.accuracies]
        return f"this run has no result for {', '.join(missing)}" if missing else None

    def differ_in_jobs(self, *names: str) -> str | None:
        """Say that models were not trained under the same load; None when they were."""
        jobs = {self.rows[name].jobs for name in names}
        return "they were trained with different numbers of jobs" if len(jobs) > 1 else None

    def differ_in_device(self, *names: str) -> str | None:
        """Say that models were not trained on the same device; None when they were."""
        devices = {self.rows[name].device for name in names}
        return "they were trained on different devices" if len(devices) > 1 else None

    def differs_from_note(self) -> str | None:
        """Say how the run's data differ from the notebook's; None when they are the same."""
        if self.dataset != THE_DATASET:
            return f"the claim is about IMDB reviews, and this run is on {self.dataset}"
        return None if self.is_whole else "the claim is about all IMDB reviews, and this run used only some of them"


def judge_claims(evidence: Evidence) -> tuple[Claim, ...]:
    """Judge every claim, in the notebook's order."""
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
    """Compare a model's number of parameters with the notebook's."""
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
    """Say that the notebook's counts are for two classes; None when the run has two as well."""
    two = 2
    return None if evidence.num_classes == two else f"the notebook has two classes, this run has {evidence.num_classes}"


def judge_small_lstm(evidence: Evidence) -> Claim:
    """Judge the count that the notebook gives for its bidirectional LSTM, which is that of a smaller model."""
    claim = f"with a bidirectional LSTM of 32 units the model has only {SMALL_PARAMS:,} parameters"
    if reason := evidence.lacks(SMALL, FULL) or has_other_head(evidence):
        return Claim(claim=claim, measured="-", verdict="not comparable", reason=reason)
    full, small = evidence.rows[FULL].num_params, evidence.rows[SMALL].num_params
    return Claim(
        claim=claim,
        measured=f"{full:,} as listed; {small:,} with a vocabulary of 1,000 words and a dense layer of 24 units",
        verdict="confirmed" if full == SMALL_PARAMS else "refuted",
        reason="the number is that of a model with a vocabulary of 1,000 words and a wider dense layer, "
        "not of the model that the notebook lists",
    )


def judge_epoch_times(evidence: Evidence) -> Claim:
    """Compare the order of the times per epoch; the times themselves are from another machine."""
    claim = "an epoch takes 6 s with a convolution, 20 s with a GRU and 43 s with an LSTM"
    reason = evidence.lacks(*SLOWEST_LAST) or evidence.differ_in_jobs(*SLOWEST_LAST)
    if reason := reason or evidence.differ_in_device(*SLOWEST_LAST):
        return Claim(claim=claim, measured="-", verdict="not comparable", reason=reason)
    seconds = [it for name in SLOWEST_LAST if (it := evidence.rows[name].epoch_seconds) is not None]
    measured = ", ".join(f"{name} {value:.1f} s" for name, value in zip(SLOWEST_LAST, seconds, strict=True))
    return Claim(
        claim=claim,
        measured=measured,
        verdict="confirmed" if seconds == sorted(seconds) else "refuted",
        reason="only the order is compared, because the times depend on the machine; "
        "the order also depends on how each layer is implemented",
    )


def judge_accuracy(evidence: Evidence, name: str, *, claim: str) -> Claim:
    """Judge whether accuracy is high: no other model of the notebook is significantly more accurate."""
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
        reason=f"significantly less accurate than {', '.join(better)}"
        if better
        else "no other model of the notebook is significantly more accurate",
    )


def judge_overfitting(evidence: Evidence, name: str, *, claim: str) -> Claim:
    """Judge overfitting: a clear accuracy gap in the last epoch, and a validation loss above its lowest value."""
    if reason := evidence.lacks(name) or evidence.differs_from_note():
        return Claim(claim=claim, measured="-", verdict="not comparable", reason=reason)
    trainings = evidence.trainings[name]
    gap = sum(training.gap_at_last for training in trainings) / len(trainings)
    rise = sum(training.later_epochs.val_loss_change for training in trainings) / len(trainings)
    return Claim(
        claim=claim,
        measured=f"training accuracy {100 * gap:.1f} points above validation accuracy in the last epoch; "
        f"validation loss {rise:+.3f} since its lowest",
        verdict="confirmed" if gap >= CLEAR_GAP and rise > 0 else "refuted",
        reason=f"it overfits if the gap is at least {100 * CLEAR_GAP:.0f} points and the validation loss has risen",
    )
