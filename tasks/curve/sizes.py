"""The sizes of a learning curve: "5%" of the training reviews, or "200" of them."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from tasks.errors import UserError
from tasks.ingest.facts import ReviewsFacts

DEFAULT_SIZES: Final = ("5%", "10%", "20%", "50%", "100%")
SIZE: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)%|([0-9]+)")
# A model is not trained on fewer reviews in all, nor on fewer of each label on average.
FEWEST: Final = 10
FEWEST_PER_LABEL: Final = 2
# A curve has at least so many sizes.
FEWEST_SIZES: Final = 2


class Size(NamedTuple):
    """A size as it was written, and the share of the training reviews that it is."""

    text: str
    share: float


def check_size(text: str) -> None:
    """Raise ValueError unless a text is a share above zero and up to 100%, or a number of reviews."""
    match = SIZE.fullmatch(text)
    if match is None or not (0 < float(match[1]) <= 100 if match[1] else int(match[2])):  # noqa: PLR2004
        raise ValueError(
            f"{text!r} is no size; expected a share of the training reviews, such as 5%, or a number of them, such as "
            "200."
        )


def settle_sizes(texts: Sequence[str], facts: ReviewsFacts) -> tuple[list[Size], list[str]]:
    """Find the sizes that a dataset's training split has, smallest first, and say why others are left out.

    Raises UserError when too few are left.
    """
    num_train, num_labels = facts.num_reviews["train"], len(facts.label_names)
    fewest = max(FEWEST, FEWEST_PER_LABEL * num_labels)
    sizes: dict[float, Size] = {}
    left_out = []
    for text in texts:
        share = find_share(text, num_train)
        if share > 1:
            left_out.append(f"{text} was left out: the training split has {num_train:,} reviews.")
        elif round(share * num_train) < fewest:
            left_out.append(
                f"{text} was left out: it is {round(share * num_train):,} of {num_train:,} training reviews, and at "
                f"least {fewest:,} are needed for {num_labels} labels."
            )
        else:
            sizes.setdefault(share, Size(text, share))
    if len(sizes) < FEWEST_SIZES:
        raise UserError(
            f"--sizes {','.join(texts)}: of {num_train:,} training reviews with {num_labels} labels, fewer than "
            f"{FEWEST_SIZES} of these sizes can be had; expected at least {FEWEST_SIZES} between {fewest:,} and "
            f"{num_train:,} reviews. Name others, such as --sizes 50%,100%, or use more reviews."
        )
    return sorted(sizes.values(), key=lambda size: size.share), left_out


def find_share(text: str, num_train: int) -> float:
    """Return the share of the training reviews that a size is: find_share("5%", 200) -> 0.05."""
    return float(text[:-1]) / 100 if text.endswith("%") else int(text) / num_train
