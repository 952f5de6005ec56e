"""What tuning brought, in a sentence and a table: validation, on which settings were chosen, beside test."""

from typing import Final

from tasks.compare.facts import Pair
from tasks.formatting.markdown import escape_markdown, render_table
from tasks.report.run.facts import RunMetrics
from tasks.report.run.tables import Table, make_table
from tasks.space.ranges import flatten
from tasks.tune.facts import Budget, StudyFacts, Tuning

NOTHING: Final = "-"


def describe_tuning(metrics: RunMetrics) -> str:
    """Say what the budget was, how trials were judged, and for how many models tuning helped beyond chance."""
    tuning = metrics.tuning
    if tuning is None:
        return ""
    helped = [study.tuned for study in tuning.studies if (pair := find_pair(metrics, study)) and is_better(pair, study)]
    changed = [study for study in tuning.studies if study.definition is not None]
    return (
        f"Each model was tuned with {describe_budget(tuning.budget)}, the first with its usual settings; trials were "
        f"judged by their {tuning.aim or 'calibrated loss'} on {describe_judges(tuning)}. "
        f"For {len(changed)} of {len(tuning.studies)} models, other settings were better there than the usual ones. "
        f"On test, tuning helped beyond chance: {', '.join(helped) or 'none of them'}. The best of many trials looks "
        "better on the reviews that chose it than it is, so test is what counts."
        + " The validation reviews are few; --folds 5 judges trials on the training reviews as well."
        * tuning.is_uncertain
        + "".join(f" {describe_failures(study)}" for study in tuning.studies if study.failure)
    )


def describe_failures(study: StudyFacts) -> str:
    """Say that trials of a model failed, why, and what became of the model."""
    num_trials = study.completed + study.pruned + study.failed
    count = f"All {num_trials}" if study.failed == num_trials else f"{study.failed} of {num_trials}"
    kept = "" if study.chosen else " No settings were compared, so it keeps its usual ones."
    return f"{count} trials of {study.name} failed, the first one because: {(study.failure or '').rstrip('.')}.{kept}"


def describe_budget(budget: Budget) -> str:
    """Name the budget: "20 trials", "20 trials or 600 s of training", "600 s of training"."""
    parts = [f"{budget.trials} trials"] if budget.trials else []
    parts += [f"{budget.seconds} s of training"] if budget.seconds else []
    return " or ".join(parts)


def describe_judges(tuning: Tuning) -> str:
    """Name the reviews that trials were judged on."""
    if tuning.folds:
        return f"training and validation reviews in a cross-validation with {tuning.folds} parts"
    return f"the {tuning.num_validation:,} validation reviews"


def find_pair(metrics: RunMetrics, study: StudyFacts) -> Pair | None:
    """Find the comparison of a tuned model with the same model untuned."""
    wanted = {study.name, study.tuned}
    return next((pair for pair in metrics.pairs if {pair.first, pair.second} == wanted), None)


def is_better(pair: Pair, study: StudyFacts) -> bool:
    """Tell whether the tuned model is significantly better."""
    return pair.differs and (pair.difference > 0) == (pair.first == study.tuned)


def tabulate_tuning(metrics: RunMetrics) -> Table | None:
    """Tabulate each model before and after tuning, on validation and on test."""
    studies = metrics.tuning.studies if metrics.tuning else ()
    return make_table([compare_study(metrics, study) for study in studies])


def compare_study(metrics: RunMetrics, study: StudyFacts) -> dict[str, str]:
    """Tabulate one model before and after tuning."""
    aim, objective = (metrics.tuning.aim if metrics.tuning else None), metrics.run.objective
    on_test = {row.name: found.mean for row in metrics.variants if (found := row.score or row.accuracy)}
    scored, sign = (study.usual, study.chosen), objective.sign if objective else 1
    losses = [it.loss if it else None for it in scored]
    correct = [it.accuracy if it else None for it in scored]
    scores = [None if it is None or it.score is None else sign * it.score for it in scored]
    before_and_after = on_test.get(study.name), on_test.get(study.tuned)
    return {
        "model": study.name,
        "trials": str(study.completed + study.pruned + study.failed),
        "pruned": str(study.pruned),
        "failed": str(study.failed),
        "seconds": f"{study.seconds:,.0f}",
        "validation loss": show_change(*losses, template="{:.4f}"),
        "validation accuracy": show_change(*correct, template="{:.1%}"),
        **({f"validation {aim}": show_change(*scores, template="{:.3f}")} if aim else {}),
        f"test {aim or 'accuracy'}": show_change(*before_and_after, template="{:.3f}" if aim else "{:.1%}"),
        "change on test, points": show_difference(find_pair(metrics, study), study),
    }


def tabulate_settings(metrics: RunMetrics) -> Table | None:
    """Tabulate the settings that were chosen for each model, and how much each mattered."""
    rows = [
        {
            "model": study.name,
            "chosen settings": describe_chosen(study),
            "importance": ", ".join(f"{name} {share:.0%}" for name, share in study.importance.items()) or NOTHING,
        }
        for study in (metrics.tuning.studies if metrics.tuning else ())
    ]
    return make_table(rows, texts=("chosen settings", "importance"))


def show_change(before: float | None, after: float | None, *, template: str) -> str:
    """Write a number before and after: "0.3512 -> 0.3401"; one that is missing is a dash."""
    return " → ".join(NOTHING if value is None else template.format(value) for value in (before, after))


def show_difference(pair: Pair | None, study: StudyFacts) -> str:
    """Write what tuning changed, with its 95% interval."""
    if pair is None:
        return NOTHING
    sign = 100 if pair.first == study.tuned else -100
    low, high = sorted((sign * pair.low, sign * pair.high))
    return f"{sign * pair.difference:+.2f} ({low:+.2f} to {high:+.2f})"


def describe_chosen(study: StudyFacts) -> str:
    """Write the settings that were chosen."""
    if study.definition is None:
        return "the usual settings"
    fields = flatten({name: value for name, value in study.definition.items() if name != "base"})
    return ", ".join(
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}" for name, value in fields.items()
    )


def render_tuning(metrics: RunMetrics) -> list[str]:
    """Render the sentence and the tables as Markdown."""
    tables = [table for table in (tabulate_tuning(metrics), tabulate_settings(metrics)) if table]
    shown = [render_table([dict(row) for row in it.rows], right_aligned=set(it.numbers)) for it in tables]
    return ["## Tuning", escape_markdown(describe_tuning(metrics)), *shown] if shown else []
