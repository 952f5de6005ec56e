"""Lessons: texts without labels follow those with labels, and all labels become probabilities."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from tasks.encode.sequences import read_sequences
from tasks.train.lessons import Lessons, read_training

WriteAnswers = Callable[[Path, np.ndarray], None]


def test_without_lessons_there_are_the_labels_of_the_training_split(sequences_folder: Path, tmp_path: Path) -> None:
    tokens, labels = read_training(sequences_folder, None, num_classes=2, scratch=tmp_path)
    expected, expected_labels = read_sequences(sequences_folder / "train.parquet")
    np.testing.assert_array_equal(tokens, expected)
    np.testing.assert_array_equal(labels, expected_labels)
    assert labels.dtype == np.int32


def test_lessons_follow_the_training_split(sequences_folder: Path, lessons: Lessons, tmp_path: Path) -> None:
    tokens, labels = read_training(sequences_folder, lessons, num_classes=2, scratch=tmp_path)
    known, known_labels = read_sequences(sequences_folder / "train.parquet")
    np.testing.assert_array_equal(tokens[:10], known)
    np.testing.assert_array_equal(tokens[10:], [[0, 0, 0, 0, 7, 9], [3, 4, 5, 6, 7, 8], [1, 0, 0, 0, 0, 0]])
    np.testing.assert_allclose(labels, [*known_labels, 0.1, 0.75, 0.5], rtol=1e-6)
    assert labels.dtype == np.float32


def test_more_than_two_classes_have_a_probability_each(
    sequences_folder: Path, lessons: Lessons, write_answers: WriteAnswers, tmp_path: Path
) -> None:
    answers = np.array([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0], [0.1, 0.1, 0.8]])
    write_answers(tmp_path / "answers.parquet", answers)
    of_three = Lessons(sequences=lessons.sequences, answers=tmp_path / "answers.parquet")
    _, labels = read_training(sequences_folder, of_three, num_classes=3, scratch=tmp_path)
    assert labels.shape == (13, 3)
    np.testing.assert_array_equal(labels[:10].argmax(axis=1), read_sequences(sequences_folder / "train.parquet")[1])
    np.testing.assert_array_equal(labels[:10].max(axis=1), 1)
    np.testing.assert_allclose(labels[10:], answers, rtol=1e-6)
