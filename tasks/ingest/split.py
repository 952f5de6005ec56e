"""Stratified sampling by a hash of the text: the same on every machine, and duplicate texts stay together."""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Final

import numpy as np
from numpy.typing import NDArray

WHITE_SPACE_TABLE: Final = bytes(ord(" ") if chr(byte).isspace() else byte for byte in range(128)) + bytes(
    range(128, 256)
)
FOLD_SALT: Final = 11


def hash_texts(texts: Iterable[str]) -> NDArray[np.uint64]:
    """Hash each text to 64 bits, ignoring case and the amount of white space: shape (num_texts,)."""
    digests = (blake2b(normalise(text), digest_size=8).digest() for text in texts)
    return np.frombuffer(b"".join(digests), dtype=np.uint64)


def normalise(text: str) -> bytes:
    """Normalise case and white space, so that duplicates are equal: normalise(" Good  film") -> b"good film"."""
    if not text.isascii():
        return " ".join(text.lower().split()).encode()
    # The same for ASCII, in half the time.
    letters = text.lower().encode().translate(WHITE_SPACE_TABLE)
    while b"  " in letters:
        letters = letters.replace(b"  ", b" ")
    return letters.strip()


def choose_stratified(
    hashes: NDArray[np.uint64], labels: NDArray[np.int32], *, num_chosen: int, salt: int
) -> NDArray[np.bool_]:
    """Choose about `num_chosen` rows so that every label keeps its share: a mask of shape (num_rows,).

    Rows with equal hashes are chosen together or not at all, whatever their labels. A group that is too large for the
    rest of its label's quota is skipped, so the count may fall slightly short. Another `salt` gives an independent
    sample.
    """
    unique, first, inverse, counts = np.unique(hashes, return_index=True, return_inverse=True, return_counts=True)
    group_labels = labels[first]
    order = np.argsort(mix(unique, salt=salt), kind="stable")
    chosen = np.zeros(len(unique), dtype=np.bool_)
    names, sizes = np.unique(group_labels.repeat(counts), return_counts=True)
    for label, quota in zip(names, share_out(sizes, min(num_chosen, len(hashes))), strict=True):
        members = order[group_labels[order] == label]
        chosen[members[fill_quota(counts[members], int(quota))]] = True
    return chosen[inverse]


def assign_folds(hashes: NDArray[np.uint64], labels: NDArray[np.int32], *, folds: int) -> NDArray[np.int64]:
    """Give each review the number of the part that holds it out, stratified by label: shape (num_reviews,)."""
    numbers = np.full(len(labels), folds - 1)
    rest = np.arange(len(labels))
    for fold in range(folds - 1):
        num_chosen = round(len(rest) / (folds - fold))
        chosen = choose_stratified(hashes[rest], labels[rest], num_chosen=num_chosen, salt=FOLD_SALT + fold)
        numbers[rest[chosen]] = fold
        rest = rest[~chosen]
    return numbers


def fill_quota(sizes: NDArray[np.int64], quota: int) -> list[int]:
    """Return the indices of the groups that fit, in order, skipping the others: fill_quota([2, 5, 1], 3) -> [0, 2]."""
    taken = []
    for index, size in enumerate(sizes.tolist()):
        if size <= quota:
            taken.append(index)
            quota -= size
        if not quota:
            break
    return taken


def share_out(sizes: NDArray[np.int64], total: int) -> NDArray[np.int64]:
    """Divide `total` in proportion to `sizes`, by largest remainder: share_out([70, 30], 5) -> [4, 1] (3.5 and 1.5)."""
    exact = sizes * total / sizes.sum()
    shares: NDArray[np.int64] = np.floor(exact).astype(np.int64)
    largest = np.argsort(-(exact - shares), kind="stable")[: total - int(shares.sum())]
    shares[largest] += 1
    return shares


def mix(hashes: NDArray[np.uint64], *, salt: int) -> NDArray[np.uint64]:
    """Mix hashes so that each salt orders them independently (the finaliser of SplitMix64, Steele et al. 2014)."""
    z = hashes + np.uint64(salt * 0x9E3779B97F4A7C15 % 2**64)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
