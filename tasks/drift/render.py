"""What drift says in words: the same in the log, the summary, on the page and in the Prefect UI."""

from typing import Final

from tasks.drift.facts import Drift, Measure, MeasureName
from tasks.drift.stability import ALARM_FROM, MOVING_FROM
from tasks.formatting.markdown import escape_markdown, render_table

TITLES: Final[dict[MeasureName, str]] = {
    "labels": "share of labels",
    "words": "length in words",
    "unknown": "unknown words",
    "unfamiliar": "texts that it does not know",
}
METHOD: Final = (
    "The index is the population stability index over labels, or over bins that each hold a tenth of the champion's "
    f'reviews. The level is "moving" above {MOVING_FROM} and "alarm" above {ALARM_FROM}, but only if the index also '
    'exceeds the value under "chance", which chance alone exceeds once in 1,000 times with this many reviews. Unknown '
    "words are words that the champion's vocabulary lacks, and it does not know a text without any known word, or with "
    "a larger share of unknown ones than any of its training texts. Both are counted on the validation splits, from "
    "which no vocabulary is learned."
)


def describe_drift(drift: Drift) -> str:
    """Say in a sentence whether the training data still resemble the champion's."""
    moved = [measure for measure in drift.measures if measure.level != "stable"]
    if not moved:
        return f"The training data are like those of the champion, {drift.champion}."
    named = "; ".join(f"{TITLES[it.name]} {it.index:.2f} ({it.level})" for it in moved)
    return f"The training data differ from those of the champion, {drift.champion}: {named}."


def tabulate_drift(drift: Drift) -> list[dict[str, str]]:
    """Format each measure as a row of text."""
    return [
        {
            "measure": TITLES[measure.name],
            "index": f"{measure.index:.3f}",
            "chance": f"{measure.noise:.3f}",
            "level": measure.level,
            "champion's reviews": f"{sum(measure.reference):,}",
            "this run's": f"{sum(measure.current):,}",
            "moved most": describe_largest(measure),
        }
        for measure in drift.measures
    ]


RIGHT_ALIGNED: Final = frozenset({"index", "chance", "champion's reviews", "this run's"})


def describe_largest(measure: Measure) -> str:
    """Name the bin whose share changed most, and both shares: "pos: 50.0% -> 71.0%"."""
    before, after = (
        [count / max(1, sum(counts)) for count in counts] for counts in (measure.reference, measure.current)
    )
    number = max(range(len(before)), key=lambda index: abs(after[index] - before[index]))
    return f"{name_bin(measure, number)}: {before[number]:.1%} -> {after[number]:.1%}"


def name_bin(measure: Measure, number: int) -> str:
    """Name a bin: a label, or its bounds in words or in percent."""
    bins = measure.bins
    if measure.name in ("labels", "unfamiliar"):
        return str(bins[number])
    shown = [f"{bound:.1%}" if measure.name == "unknown" else f"{bound:.0f}" for bound in map(float, bins)]
    if number == len(bins):
        return f"above {shown[-1]}"
    return f"up to {shown[number]}" if number == 0 else f"{shown[number - 1]} to {shown[number]}"


def render_drift(drift: Drift) -> str:
    """Render the sentence, the table and the method as Markdown, without a heading."""
    table = render_table(tabulate_drift(drift), right_aligned=RIGHT_ALIGNED)
    return "\n\n".join([f"**{escape_markdown(describe_drift(drift))}**", table, METHOD])
