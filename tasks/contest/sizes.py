"""Train and evaluate the models of a run on several parts of its reviews, for a learning curve."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from tasks.compare.run import Candidate, attempt_all
from tasks.contest.contest import Contest, Learner
from tasks.contest.progress import watched
from tasks.contest.stages import Stages
from tasks.curve.facts import Entry
from tasks.curve.sizes import Size
from tasks.encode.facts import EncodingChoice
from tasks.ingest.facts import ReviewsManifest
from tasks.settings.training import TrainingSettings
from tasks.store.usage import LOCK_FOLDER
from tasks.train.device import Device


class Part(NamedTuple):
    """The reviews of a size as a seed has drawn them; those of the whole split are the same for all seeds."""

    size: Size
    seed: int
    reviews: ReviewsManifest


def train_parts(
    config: TrainingSettings, parts: Sequence[Part], choice: EncodingChoice | None, stages: Stages
) -> list[Entry]:
    """Train and evaluate every model of the run on every part, with the part's seed; devices are the same at all sizes.

    The vocabulary of a part has the words of its own training reviews. Raises UserError, which concerns all models.
    """
    contests = [Contest(config, part.reviews, config.find_aims(part.reviews.facts), stages) for part in parts]
    learners = [contest.prepare(contest.encode(choice)[1]) for contest in contests]
    baselines = config.choose_baselines(choice)
    # The last part is the largest.
    devices = {name: contests[-1].settle_device(learner) for name, learner in learners[-1].items()}
    jobs = contests[-1].plan_jobs(devices, num_works=len(parts) * (len(baselines) + len(devices)))
    works = [
        (part, candidate)
        for part, contest, own in zip(parts, contests, learners, strict=True)
        for candidate in list_candidates(contest, part, baselines, own, devices=devices, jobs=jobs)
    ]
    with watched(
        [candidate for _, candidate in works],
        [part.reviews.facts.num_reviews["train"] for part, _ in works],
        jobs=jobs,
        logger=stages.logger,
        artifacts_dir=config.artifacts_dir,
    ) as told:
        results = attempt_all(told, jobs=jobs, locks=config.artifacts_dir / LOCK_FOLDER)
    return [
        Entry(
            share=part.size.share,
            num_train=part.reviews.facts.num_reviews["train"],
            num_validation=part.reviews.facts.num_reviews["validation"],
            result=result,
        )
        for (part, _), result in zip(works, results, strict=True)
    ]


def list_candidates(
    contest: Contest,
    part: Part,
    baselines: Sequence[str],
    learners: Mapping[str, Learner],
    *,
    devices: Mapping[str, Device],
    jobs: int,
) -> Iterator[Candidate]:
    """Yield every model that is trained on a part; baselines are fitted on the whole split only once."""
    for name in baselines if part.size.share < 1 or part.seed == 1 else ():
        candidate = contest.enter_baseline(contest.config.baseline_table[name], jobs=jobs, texts=None)
        yield candidate._replace(entrant=candidate.entrant.model_copy(update={"seed": part.seed}))
    for name, learner in learners.items():
        yield contest.enter_variant(learner, part.seed, device=devices[name], jobs=jobs, texts=None, teaching=None)
