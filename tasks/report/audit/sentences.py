"""What an audit of labels says in sentences: the same on its page, in a run's report and in the terminal."""

from typing import Final

from tasks.audit.facts import LabelErrors
from tasks.formatting.texts import join
from tasks.ingest.datasets import FALLBACK_WARNING

QUESTION: Final = "Which labels are probably wrong?"
# How to work with the list.
ADVICE: Final = (
    "Reviews that are only hard to judge are on the list as well, so a person should read them before any label is "
    "changed. The file label_errors.csv has the whole list with its texts, and a column checked_label for what "
    "annotators find."
)


def warn_of_fallback(found: LabelErrors) -> str:
    """Warn if the sample took the place of the IMDB reviews, and say why; otherwise empty."""
    return "" if found.fallback_reason is None else f"{FALLBACK_WARNING} {found.fallback_reason}"


def describe_headline(found: LabelErrors) -> str:
    """Say how many labels are on the list."""
    listed, total = sum(found.num_listed.values()), sum(found.num_reviews.values())
    if not listed:
        return f"None of {total:,} labels looks wrong to {join(found.baselines)}."
    return f"{listed:,} of {total:,} labels look wrong to {join(found.baselines)} ({listed / total:.1%})."


def describe_method(found: LabelErrors) -> str:
    """Say how the list was made, and what weak models make of it."""
    models, is_one = join(found.baselines), len(found.baselines) == 1
    several, agree, own = ("it", "agrees", "its own") if is_one else ("each of them", "together agree", "their own")
    return (
        f"Each review was judged by {models}, fitted without it: the training and validation reviews were divided into "
        f"{found.folds} parts, each held out in turn; test reviews were judged by all {found.folds} fits of {several}. "
        "A label is listed if another one is at least as probable as it is, on average, for the reviews that have it "
        "(confident learning, Northcutt, Jiang & Chuang 2021), the least probable label first. The estimates allow for "
        f"wrong labels that are not listed. So judging, {models} {agree} with {found.agreement:.1%} of the labels; the "
        f"lower this share is, the more of {own} mistakes are on the list and in the estimates."
    )


def describe_set_right(found: LabelErrors) -> str:
    """Say what becomes of the accuracy when the listed labels are replaced by the suggested ones; may be empty."""
    after = found.set_right
    if after is None:
        return ""
    models = join(found.baselines)
    significance = "significant" if after.p_value < 0.05 else "not significant"  # noqa: PLR2004
    return (
        f"Fitted on the labels as given, {models} {'gets' if len(found.baselines) == 1 else 'together get'} "
        f"{after.as_given:.2%} of {after.num_reviews:,} test reviews right; fitted after the listed labels of training "
        f"and validation are replaced by the suggested ones, {after.learned_right:.2%} (McNemar's p = "
        f"{after.p_value:.2g}, {significance}). If the listed labels of the test split are replaced too, the first "
        f"number becomes {after.tested_right:.2%}: an upper bound, because the same models made the list."
    )
