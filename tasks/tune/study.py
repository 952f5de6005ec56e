"""The study of one model: trials that Optuna proposes, each judged on validation reviews, until the budget is used up.

The first trial has the usual settings. The next ones are random, and then a tree-structured Parzen estimator proposes
them (Bergstra et al. 2011). Successive halving ends trainings that are worse than others after as many evaluations
(Li et al. 2018), unless they might still become the best. The proposals depend on the seed and the earlier trials
alone, so that a study that was stopped goes on as if it had not been.
"""

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState

from tasks.errors import TrainingError
from tasks.process.child import ChildError
from tasks.process.place import PLACE
from tasks.space.ranges import Range, Space, Value, tidy
from tasks.store.fingerprint import hash_json
from tasks.tune.facts import Budget, Scored, StudyFacts, TrialFacts
from tasks.tune.outcomes import PrunedError, Watch
from tasks.tune.subject import Subject

# The first decision about a training comes after this part of the evaluations that it may have, and after so many at
# the earliest; the next ones come after twice as many each time.
FIRST_PART: Final = 4
FIRST_RUNG: Final = 2
HALVING: Final = 2
# Of the trials, this part is random before the estimator proposes.
RANDOM_PART: Final = 4
MOST_RANDOM: Final = 10
# A study without a number of trials ends after so many at the latest.
MOST_TRIALS: Final = 1_000
# The importance of settings cannot be told from fewer.
FEWEST_TO_COMPARE: Final = 4
DEFINITION: Final = "definition"
FACTS: Final = "facts"
REASON: Final = "reason"
# Where Optuna keeps the settings of a trial that were asked for, until it takes them up.
WANTED: Final = "fixed_params"

# Trains a model by its definition: the number of the trial, the definition, and who is told of the losses.
Attempt = Callable[[int, dict[str, Any], Watch], TrialFacts]


def run_study(
    subject: Subject,
    budget: Budget,
    *,
    storage: BaseStorage,
    identity: Mapping[str, Any],
    seed: int,
    num_evaluations: int,
    attempt: Attempt,
) -> StudyFacts:
    """Try settings until the budget is used up, going on where an earlier run stopped, and choose the best.

    `identity` is everything that decides the losses besides the settings. A training has `num_evaluations` at most.
    Raises UserError.
    """
    optuna.logging.set_verbosity(logging.WARNING)
    study = optuna.create_study(
        storage=storage,
        study_name=f"{subject.name}-{hash_json({**identity, 'space': describe_space(subject.space)})[:16]}",
        pruner=optuna.pruners.SuccessiveHalvingPruner(
            min_resource=max(FIRST_RUNG, math.ceil(num_evaluations / FIRST_PART)), reduction_factor=HALVING
        ),
        load_if_exists=True,
    )
    repeat_interrupted(study)
    distributions = make_distributions(subject)
    if not study.trials:
        study.enqueue_trial(dict(subject.usual))
    while not is_used_up(study, budget):
        number = len(list_counted(study))
        study.sampler = make_sampler(f"{subject.name}-{seed}-{number}", budget)
        watcher = Watcher(study, study.ask(distributions), num_evaluations)
        try_settings(study, watcher, number, subject=subject, attempt=attempt)
    return conclude(study, subject)


def describe_space(space: Space) -> dict[str, Any]:
    """Write a space as plain JSON."""
    return {name: it.model_dump() if isinstance(it, Range) else list(it) for name, it in space.items()}


def make_sampler(trial: str, budget: Budget) -> optuna.samplers.TPESampler:
    """Make what proposes the settings of one trial; its random numbers depend on the trial's name alone."""
    num_random = min(MOST_RANDOM, max(2, (budget.trials or MOST_RANDOM * RANDOM_PART) // RANDOM_PART))
    seed = int(hash_json(trial)[:8], 16)
    return optuna.samplers.TPESampler(seed=seed, n_startup_trials=num_random, multivariate=True)


def make_distributions(subject: Subject) -> dict[str, BaseDistribution]:
    """Say in Optuna's terms which values each setting may have; a range is of integers if the usual value is one."""
    return {name: make_distribution(values, subject.usual[name]) for name, values in subject.space.items()}


def make_distribution(values: tuple[Value, ...] | Range, usual: Value) -> BaseDistribution:
    """Say in Optuna's terms which values one setting may have."""
    if not isinstance(values, Range):
        return CategoricalDistribution(values)
    if isinstance(usual, int):
        return IntDistribution(round(values.low), round(values.high), log=values.log)
    return FloatDistribution(values.low, values.high, log=values.log)


def repeat_interrupted(study: optuna.Study) -> None:
    """Try the settings of trials again that an earlier run left unfinished; they resume from their checkpoints.

    A trial whose outcome is known only lacks its last entry.
    """
    for trial in study.get_trials(states=(TrialState.RUNNING,)):
        if FACTS in trial.user_attrs:
            finish(study, trial.number, read_facts(trial))
            continue
        study.tell(trial.number, state=TrialState.FAIL)
        if REASON not in trial.user_attrs:
            study.enqueue_trial({**trial.system_attrs.get(WANTED, {}), **trial.params})


def list_counted(study: optuna.Study) -> list[FrozenTrial]:
    """List the trials that the budget counts: those that ended by themselves."""
    return [
        trial for trial in study.get_trials(deepcopy=False) if FACTS in trial.user_attrs or REASON in trial.user_attrs
    ]


def is_used_up(study: optuna.Study, budget: Budget) -> bool:
    """Tell whether the budget is used up; the usual settings are tried in any case."""
    counted = list_counted(study)
    seconds = sum(read_facts(trial).seconds for trial in counted if FACTS in trial.user_attrs)
    too_many = len(counted) >= (budget.trials or MOST_TRIALS)
    return too_many or (bool(counted) and budget.seconds is not None and seconds >= budget.seconds)


def try_settings(study: optuna.Study, watcher: "Watcher", number: int, *, subject: Subject, attempt: Attempt) -> None:
    """Train a model with the settings of a trial and tell the study how good it is, or why there is none."""
    trial = watcher.trial
    definition = subject.define({name: tidy(value) for name, value in trial.params.items()})
    trial.set_user_attr(DEFINITION, definition)
    try:
        facts = attempt(number, definition, watcher.judge)
    except (TrainingError, ChildError) as error:
        if (place := PLACE.get(None)) and place.is_closed:
            # The run ended: the trial stays unfinished, and the next run repeats it.
            raise
        trial.set_user_attr(REASON, str(error))
        study.tell(trial, state=TrialState.FAIL)
        return
    watcher.report(facts.losses)
    trial.set_user_attr(FACTS, facts.model_dump(mode="json"))
    finish(study, trial.number, facts)


def finish(study: optuna.Study, number: int, facts: TrialFacts) -> None:
    """Tell the study the outcome of a trial."""
    if facts.pruned:
        study.tell(number, state=TrialState.PRUNED)
    else:
        study.tell(number, facts.goal)


class Watcher:
    """Reports the losses of a training to its trial, each once, and decides whether it goes on."""

    def __init__(self, study: optuna.Study, trial: optuna.Trial, num_evaluations: int) -> None:
        self.study = study
        self.trial = trial
        self.num_evaluations = num_evaluations
        self.num_reported = 0

    def report(self, losses: Sequence[float]) -> None:
        """Report the loss after each evaluation that has not been reported."""
        for epoch in range(self.num_reported + 1, len(losses) + 1):
            self.trial.report(losses[epoch - 1], epoch)
            self.num_reported = epoch

    def judge(self, losses: Sequence[float]) -> None:
        """Report the losses so far; raises PrunedError when the training is to end."""
        self.report(losses)
        if self.trial.should_prune() and not self.may_become_best(losses):
            raise PrunedError(f"ended after {len(losses)} evaluations, because others were better by then")

    def may_become_best(self, losses: Sequence[float]) -> bool:
        """Tell whether the loss would get below that of all whole trials if it fell on as fast as it did last.

        Loss curves are convex as a rule, so that this is as much as one may hope for.
        """
        whole = self.study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        best = min((min(read_facts(trial).losses, default=math.inf) for trial in whole), default=math.inf)
        fall = losses[-2] - losses[-1] if len(losses) > 1 else 0.0
        return losses[-1] - max(0.0, fall) * (self.num_evaluations - len(losses)) < best


def read_facts(trial: FrozenTrial) -> TrialFacts:
    """Read what a trial found."""
    return TrialFacts.model_validate(trial.user_attrs[FACTS])


def conclude(study: optuna.Study, subject: Subject) -> StudyFacts:
    """Choose the best settings, the usual ones in a tie, and count the trials."""
    counted = list_counted(study)
    whole = [trial for trial in counted if trial.state == TrialState.COMPLETE]
    best = min(whole, key=lambda trial: (read_facts(trial).goal, trial.number), default=None)
    definition = best.user_attrs[DEFINITION] if best else None
    usual = next((trial for trial in whole if trial.user_attrs[DEFINITION] == subject.definition), None)
    return StudyFacts(
        name=subject.name,
        tuned=subject.tuned,
        is_baseline=subject.is_baseline,
        completed=len(whole),
        pruned=sum(trial.state == TrialState.PRUNED for trial in counted),
        failed=sum(trial.state == TrialState.FAIL for trial in counted),
        failure=next((trial.user_attrs[REASON] for trial in counted if REASON in trial.user_attrs), None),
        seconds=sum(read_facts(trial).seconds for trial in counted if FACTS in trial.user_attrs),
        usual=score(usual),
        chosen=score(best),
        definition=None if definition == subject.definition else definition,
        importance=weigh_settings(study, whole),
    )


def score(trial: FrozenTrial | None) -> Scored | None:
    """Return how good a trial's settings are."""
    return Scored(**read_facts(trial).model_dump(include=set(Scored.model_fields))) if trial else None


def weigh_settings(study: optuna.Study, whole: Sequence[FrozenTrial]) -> dict[str, float]:
    """Estimate the share of each setting in the variance of the loss (Hutter et al. 2014); none from few trials."""
    if len(whole) < FEWEST_TO_COMPARE or len({trial.value for trial in whole}) == 1:
        return {}
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=1)
    found = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return {name: round(float(share), 3) for name, share in found.items()}
