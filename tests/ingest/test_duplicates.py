"""Duplicates on a handful of reviews whose answers are plain to see."""

import numpy as np

from tasks.ingest.duplicates import Written, count_duplicates
from tasks.ingest.split import hash_texts

TRAIN = (["Good film", "good  FILM", "bad film", "dull"], [1, 1, 0, 0])
VALIDATION = (["a fine one", "dull"], [1, 1])
TEST = (["GOOD film", "never seen before", "a fine one"], [1, 0, 1])


def test_duplicates_are_blind_to_case_and_white_space() -> None:
    splits = {"train": TRAIN, "validation": VALIDATION, "test": TEST}
    found = count_duplicates(
        {name: Written(hash_texts(texts), np.array(labels, np.int32)) for name, (texts, labels) in splits.items()}
    )
    assert found.within == {"train": 1, "validation": 0, "test": 0}
    assert found.across == {"train and validation": 1, "train and test": 1, "validation and test": 1}
    assert found.conflicting == 1, "dull is negative in train and positive in validation"


def test_text_with_three_labels_is_one_conflict() -> None:
    written = Written(np.array([7, 7, 7, 8], np.uint64), np.array([0, 1, 2, 0], np.int32))
    assert count_duplicates({"train": written}).conflicting == 1
