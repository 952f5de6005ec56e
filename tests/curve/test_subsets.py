"""Subsets: smaller ones lie in larger ones, labels keep their shares, equal texts stay together, test stays whole."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.curve.output import plan_subset
from tasks.curve.subsets import choose_share
from tasks.ingest.datasets import SAMPLE, Choice
from tasks.ingest.facts import ReviewsManifest
from tasks.ingest.output import plan_reviews
from tasks.ingest.split import hash_texts
from tasks.store.layout import SPLIT_FILES
from tasks.store.outputs import produce

LABELS = np.array([0, 0, 0, 1] * 50, np.int32)
HASHES = hash_texts([f"text number {number}" for number in range(200)])
SHARES = (0.05, 0.1, 0.2, 0.5, 0.9, 1.0)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def reviews(data: Path) -> ReviewsManifest:
    return produce(*plan_reviews(Choice(SAMPLE), data_dir=data, validation_fraction=0.1, limit=100)).manifest


def read(data: Path, manifest: ReviewsManifest) -> dict[str, pa.Table]:
    return {split: pq.read_table(data / manifest.folder / name) for split, name in SPLIT_FILES.items()}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_smaller_subset_lies_in_each_larger_one(seed: int) -> None:
    chosen = [choose_share(HASHES, LABELS, share=share, seed=seed) for share in SHARES]
    for smaller, larger in pairwise(chosen):
        assert smaller.sum() < larger.sum()
        assert not (smaller & ~larger).any()
    assert chosen[-1].all()


@pytest.mark.parametrize("seed", range(20))
def test_subsets_are_nested_although_equal_texts_stay_together(seed: int) -> None:
    random = np.random.default_rng(seed)
    hashes = hash_texts([f"text {number}" for number in random.integers(0, 40, 120)])
    labels = random.integers(0, 4, 120).astype(np.int32)
    chosen = [choose_share(hashes, labels, share=share, seed=seed) for share in np.linspace(0.02, 1, 30)]
    for smaller, larger in pairwise(chosen):
        assert not (smaller & ~larger).any()
    for mask in chosen:
        assert not set(hashes[mask]) & set(hashes[~mask])


@pytest.mark.parametrize("share", SHARES)
def test_each_label_keeps_its_share(share: float) -> None:
    chosen = choose_share(HASHES, LABELS, share=share, seed=1)
    counts = np.bincount(LABELS[chosen])
    assert abs(counts[0] - 150 * share) <= 0.5
    assert abs(counts[1] - 50 * share) <= 0.5


def test_no_label_is_missing_in_the_smallest_subset() -> None:
    labels = np.array([0] * 195 + [1] * 4 + [2], np.int32)
    assert set(labels[choose_share(HASHES, labels, share=0.01, seed=1)]) == {0, 1, 2}


def test_seeds_choose_independently() -> None:
    first, second = (choose_share(HASHES, LABELS, share=0.5, seed=seed) for seed in (1, 2))
    assert 30 < (first & second).sum() < 70


def test_subset_shrinks_training_and_validation_and_keeps_test(reviews: ReviewsManifest, data: Path) -> None:
    subset = produce(*plan_subset(reviews, share=0.5, seed=1, data_dir=data)).manifest
    before, after = read(data, reviews), read(data, subset)
    assert after["test"] == before["test"]
    for split in ("train", "validation"):
        assert set(after[split].column("id").to_pylist()) < set(before[split].column("id").to_pylist())
        assert after[split].num_rows == pytest.approx(before[split].num_rows / 2, abs=1)


def test_facts_of_a_subset_are_those_of_its_files(reviews: ReviewsManifest, data: Path) -> None:
    subset = produce(*plan_subset(reviews, share=0.3, seed=1, data_dir=data)).manifest
    for split, table in read(data, subset).items():
        labels = np.bincount(table.column("label").to_numpy()).tolist()
        assert subset.facts.num_reviews[split] == table.num_rows
        assert list(subset.facts.counts[split].values()) == labels
    assert subset.decided_by["limit"] == reviews.decided_by["limit"]


def test_share_and_seed_decide_a_subset(reviews: ReviewsManifest, data: Path) -> None:
    plans = [
        plan_subset(reviews, share=share, seed=seed, data_dir=data) for share, seed in ((0.5, 1), (0.2, 1), (0.5, 2))
    ]
    assert len({output.fingerprint for output, _ in plans}) == 3
    assert produce(*plans[0]).reused or produce(*plans[0]).reused
