"""Champion and candidate on a run's test split: the champion is scored again, the candidate has been scored."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tasks.compare.comparison import gather_attributes
from tasks.compare.data_card import read_split
from tasks.compare.facts import ComparedEncoding
from tasks.compare.mistakes import read_reviews
from tasks.compare.slices import cut_slices
from tasks.errors import UserError
from tasks.evaluate.bundle import Bundle, load_bundle, read_bundle_file
from tasks.evaluate.metrics import predict_labels
from tasks.evaluate.predictions import read_predictions
from tasks.ingest.batches import read_batches
from tasks.ingest.labels import match_labels
from tasks.promote.aimed_gate import Answers as BothAnswers
from tasks.promote.aimed_gate import judge_aimed
from tasks.promote.facts import LostReview, LostReviews, Ruling
from tasks.promote.gate import Slice, judge
from tasks.promote.rules import Margins
from tasks.store.layout import PREDICTIONS_FILE

MOST_LOST: Final = 30


class Answers(NamedTuple):
    """A model's answers, the labels, and the probability of each answer: shape (num_reviews,)."""

    predicted: NDArray[np.intp]
    labels: NDArray[np.integer[Any]]
    confidence: NDArray[np.float64]

    @property
    def correct(self) -> NDArray[np.bool_]:
        """Which reviews the model got right."""
        right: NDArray[np.bool_] = self.predicted == self.labels
        return right


def rescore_champion(
    *,
    candidate_folder: Path,
    champion_folder: Path,
    test_path: Path,
    label_names: Sequence[str],
    encodings: Mapping[str, ComparedEncoding],
    margins: Margins,
) -> Ruling:
    """Score the champion on the test reviews and judge the candidate; the ruling lists the reviews that it would lose.

    Raises UserError when the champion cannot be loaded or has other labels.
    """
    champion = answer_anew(load_bundle(champion_folder), test_path, label_names)
    candidate = read_answers(candidate_folder, test_path)
    attributes = gather_attributes(read_split(test_path), test_path, encodings)
    slices = [Slice(*part) for part in cut_slices(attributes, label_names)]
    objective = read_bundle_file(candidate_folder).metrics.objective
    if objective is None:
        ruling = judge(candidate.correct, champion.correct, slices, margins)
    else:
        both = BothAnswers(champion.labels, candidate.predicted, champion.predicted, len(label_names))
        ruling = judge_aimed(both, slices, margins, objective)
    lost = list_lost(candidate, champion, test_path, label_names)
    return ruling.model_copy(update={"comparison": ruling.comparison.model_copy(update={"lost": lost})})


def answer_anew(bundle: Bundle, test_path: Path, label_names: Sequence[str]) -> Answers:
    """Let a loaded model answer the test reviews; answers are indices into the run's labels."""
    places = place_labels(bundle.label_names, label_names)
    predicted, labels, confidence = [], [], []
    for batch in read_batches(test_path, ["text", "label"]):
        decided = bundle.decide(batch.column("text"))
        predicted.append(places[decided.predicted])
        confidence.append(take_confidence(decided.probabilities, decided.predicted))
        labels.append(batch.column("label").to_numpy())
    return Answers(np.concatenate(predicted), np.concatenate(labels), np.concatenate(confidence))


def place_labels(champion: Sequence[str], run: Sequence[str]) -> NDArray[np.int32]:
    """Find the champion's labels among those of the run: shape (num_classes,). Raises UserError if they differ."""
    places = match_labels(pa.array(champion), run)
    if sorted(places.drop_null().to_pylist()) != list(range(len(run))) or len(champion) != len(run):
        raise UserError(
            f"its labels are {', '.join(champion)}, and those of the test reviews are {', '.join(run)}; "
            "expected the same."
        )
    found: NDArray[np.int32] = places.to_numpy()
    return found


def read_answers(folder: Path, test_path: Path) -> Answers:
    """Read the candidate's answers from its evaluation; raises UserError if that was on other reviews."""
    path = folder / PREDICTIONS_FILE
    columns = ["id", "label"]
    if not pq.read_table(path, columns=columns).equals(pq.read_table(test_path, columns=columns)):
        raise UserError(f"{str(path)!r} has predictions of other reviews; expected this run's test reviews. Run again.")
    probabilities, labels = read_predictions(path)
    facts = read_bundle_file(folder)
    predicted = predict_labels(probabilities, threshold=facts.threshold, rule=facts.metrics.rule)
    return Answers(predicted, labels, take_confidence(probabilities, predicted))


def take_confidence(probabilities: NDArray[np.float64], predicted: NDArray[np.intp]) -> NDArray[np.float64]:
    """Take the probability of each answer: (num_reviews, num_classes) -> (num_reviews,)."""
    return probabilities[np.arange(len(predicted)), predicted]


def list_lost(candidate: Answers, champion: Answers, test_path: Path, label_names: Sequence[str]) -> LostReviews:
    """List the reviews that only the champion got right; the candidate's most confident mistakes come first."""
    lost = np.flatnonzero(champion.correct & ~candidate.correct)
    shown = lost[np.argsort(-candidate.confidence[lost], kind="stable")[:MOST_LOST]].tolist()
    texts = read_reviews(test_path, sorted(shown), label_names)
    reviews = tuple(
        LostReview(
            **texts[str(row)].model_dump(),
            answer=label_names[candidate.predicted[row]],
            probability=float(candidate.confidence[row]),
        )
        for row in shown
    )
    return LostReviews(num_reviews=len(lost), reviews=reviews)
