"""Train and evaluate the models of a run: baselines, variants with each seed, students, ensembles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from tasks.baseline.baselines import Baseline
from tasks.compare.results import BASELINE, STACKED, Entrant, ModelResult
from tasks.compare.run import Candidate, attempt, attempt_all
from tasks.contest.merit import find_merit
from tasks.contest.progress import watched
from tasks.contest.stages import Stages
from tasks.contest.teaching import Teaching
from tasks.contest.time_limit import TimeLimit
from tasks.encode.encodings import PRETRAINED, Encoding
from tasks.encode.facts import EncodingChoice, EncodingFacts
from tasks.encoders.facts import EncoderFacts
from tasks.evaluate.ensemble_facts import STACK
from tasks.evaluate.facts import EvaluationFacts, ModelManifest
from tasks.ingest.facts import ReviewsManifest, UnlabelledManifest
from tasks.objective.facts import Aims
from tasks.process.side_by_side import choose_jobs
from tasks.settings.training import TrainingSettings
from tasks.stack.output import choose_stack
from tasks.store.outputs import Manifest
from tasks.store.usage import LOCK_FOLDER
from tasks.train.device import CPU, Device, find_device
from tasks.train.effort import estimate_effort
from tasks.train.facts import RegionFacts, TrainingFacts
from tasks.train.output import EncoderOutputs
from tasks.train.regions.output import UnlabelledSequences
from tasks.train.sources import fit_encoding, fit_variant
from tasks.train.variants import Variant
from tasks.vectors.facts import VectorFacts

Sequences = Mapping[str, Manifest[EncodingFacts]]


class Learner(NamedTuple):
    """A variant, the sequences that it is trained on, and what it begins with: word vectors, an encoder, or neither."""

    variant: Variant
    sequences: Manifest[EncodingFacts]
    vectors: Manifest[VectorFacts] | None
    encoder: Manifest[EncoderFacts] | None


@dataclass(frozen=True)
class Contest:
    """The models of a run compete on the same reviews, with the same aims, perhaps for a limited time."""

    config: TrainingSettings
    reviews: ReviewsManifest
    aims: Aims
    stages: Stages
    time_limit: TimeLimit | None = None

    @property
    def num_classes(self) -> int:
        """The number of labels."""
        return len(self.reviews.facts.label_names)

    def hold(
        self, choice: EncodingChoice | None, sequences: Sequences, texts: UnlabelledManifest | None
    ) -> list[ModelResult]:
        """Train and evaluate every model of the run; results are in the order of the leaderboard's groups.

        `sequences` are those of each chosen variant, by its name. Students learn last, if there are texts without
        labels. Raises UserError, which concerns all models.
        """
        students = self.config.student_names if texts else []
        baselines = self.config.choose_baselines(choice)
        others = {name: own for name, own in sequences.items() if name not in students}
        results = self.train_all(baselines, others, texts)
        if texts and students:
            teaching = Teaching.prepare(
                self.stages, results, texts, config=self.config, label_names=self.reviews.facts.label_names
            )
            results += self.train_all([], {name: sequences[name] for name in students}, texts, teaching)
        if self.config.stack:
            results += [ensemble for seed in self.config.seed_values for ensemble in self.combine(results, seed)]
        return results

    def encode(self, choice: EncodingChoice | None) -> tuple[dict[str, Manifest[EncodingFacts]], Sequences]:
        """Encode the reviews as the chosen variants need them; returns the sequences by encoding, and by variant."""
        chosen = {row.name: self.choose_encoding(row, choice) for row in self.config.chosen_variants}
        rows = {row.name: row for row in chosen.values()}
        sequences = {
            name: self.stages.encode(self.reviews, row, self.encoder if row.kind == PRETRAINED else None)
            for name, row in rows.items()
        }
        return sequences, {name: sequences[row.name] for name, row in chosen.items()}

    @cached_property
    def encoder(self) -> Manifest[EncoderFacts] | None:
        """The encoder of the run, if it has one; raises UserError for a folder that cannot be used."""
        return self.stages.take_encoder(self.config.encoder) if self.config.encoder else None

    def choose_encoding(self, variant: Variant, choice: EncodingChoice | None) -> Encoding:
        """Return the encoding that a variant reads, with the tokens of the encoder that it begins with."""
        encoding = self.config.choose_encoding(variant, choice)
        return fit_encoding(encoding, self.encoder.facts if self.encoder else None)

    def train_all(
        self,
        baselines: Sequence[str],
        sequences: Sequences,
        texts: UnlabelledManifest | None,
        teaching: Teaching | None = None,
    ) -> list[ModelResult]:
        """Train and evaluate baselines once, because they do not depend on the seed, and variants with each seed."""
        learners = self.prepare(sequences)
        devices = {name: self.settle_device(learner) for name, learner in learners.items()}
        jobs = self.plan_jobs(devices, num_works=len(baselines) + len(learners) * self.config.seeds)
        candidates = [
            *(self.enter_baseline(self.config.baseline_table[name], jobs=jobs, texts=texts) for name in baselines),
            *(
                self.enter_variant(learner, seed, device=devices[name], jobs=jobs, texts=texts, teaching=teaching)
                for name, learner in learners.items()
                for seed in self.config.seed_values
            ),
        ]
        locks = self.config.artifacts_dir / LOCK_FOLDER
        if self.time_limit:
            return self.time_limit.attempt(candidates, jobs=jobs, logger=self.stages.logger, locks=locks)
        num_train = [self.reviews.facts.num_reviews["train"]] * len(candidates)
        with watched(
            candidates, num_train, jobs=jobs, logger=self.stages.logger, artifacts_dir=self.config.artifacts_dir
        ) as told:
            return attempt_all(told, jobs=jobs, locks=locks)

    def prepare(self, sequences: Sequences) -> dict[str, Learner]:
        """Say what each variant is trained on; word vectors are taken from the run's file once for each encoding.

        Raises UserError for a file that cannot be used.
        """
        rows = {name: self.config.variant_table[name] for name in sequences}
        wanted = {encoded.name: encoded for name, encoded in sequences.items() if rows[name].vectors}
        path = self.config.vectors
        found = {name: self.stages.match_vectors(path, encoded) for name, encoded in wanted.items()} if path else {}
        learners = {}
        for name, encoded in sequences.items():
            vectors = found.get(encoded.name) if rows[name].vectors else None
            encoder = self.encoder if rows[name].encoder else None
            variant = fit_variant(rows[name], vectors.facts if vectors else None, encoder.facts if encoder else None)
            learners[name] = Learner(variant, encoded, vectors, encoder)
        return learners

    def settle_device(self, learner: Learner) -> Device:
        """Settle on which device a variant is trained, with whatever seed."""
        variant, encoded, *_ = learner
        settings = self.config.choose_fit(variant, seed=1)
        return self.stages.settle_device(variant, settings, encoded, num_classes=self.num_classes)

    def plan_jobs(self, devices: Mapping[str, Device], *, num_works: int) -> int:
        """Choose how many models are trained at a time, and log it if they are several."""
        shares_gpu = find_device() != CPU and any(device != "cpu" for device in devices.values())
        jobs = choose_jobs(self.config.jobs, num_works=num_works, shares_gpu=shares_gpu)
        if jobs > 1:
            self.stages.logger.info("training %d models, %d at a time", num_works, jobs)
        return jobs

    def enter_baseline(self, baseline: Baseline, *, jobs: int, texts: UnlabelledManifest | None) -> Candidate:
        """Say how a baseline is fitted and evaluated."""
        return Candidate(
            Entrant(variant=baseline.name, group=BASELINE, encoding="text", seed=1),
            lambda: self.stages.fit(
                baseline,
                self.reviews,
                class_weights=self.aims.class_weights,
                jobs=jobs,
                memory=self.config.memory_bytes,
                unlabelled=texts if baseline.uses_unlabelled else None,
            ),
            self.evaluate,
            merit=find_merit(baseline),
        )

    def enter_variant(
        self,
        learner: Learner,
        seed: int,
        *,
        device: Device,
        jobs: int,
        texts: UnlabelledManifest | None,
        teaching: Teaching | None,
    ) -> Candidate:
        """Say how a variant is trained and evaluated with one seed."""
        variant, encoded, vectors, encoder = learner
        settings = replace(self.config.choose_fit(variant, seed, self.aims), device=device)

        def train() -> Manifest[TrainingFacts]:
            if teaching and self.time_limit:
                self.time_limit.budget.begin()
            lessons = teaching.prepare_lessons(seed, encoded) if teaching else None
            is_frozen = variant.encoder == "frozen"
            read = self.stages.read_texts(encoder, encoded, settings.device) if encoder and is_frozen else None
            return self.stages.train(
                variant,
                settings,
                encoded,
                num_classes=self.num_classes,
                jobs=jobs,
                lessons=lessons,
                vectors=vectors,
                encoder=EncoderOutputs(encoder, read) if encoder else None,
                regions=self.learn_regions(learner, texts) if variant.regions else None,
            )

        return Candidate(
            Entrant(variant=variant.name, group=variant.group, encoding=encoded.name, seed=seed),
            train,
            self.evaluate,
            effort=estimate_effort(variant, encoder.facts if encoder else None),
            merit=find_merit(variant),
        )

    def learn_regions(self, learner: Learner, texts: UnlabelledManifest | None) -> Manifest[RegionFacts]:
        """Learn the embeddings that a variant reads, from texts without labels too if it uses them."""
        unlabelled = None
        if texts and learner.variant.regions == "all":
            unlabelled = UnlabelledSequences(self.stages.encode_unlabelled(texts, learner.sequences), texts.name)
        return self.stages.learn_regions(learner.sequences, unlabelled)

    def evaluate(self, model: ModelManifest) -> Manifest[EvaluationFacts]:
        """Evaluate a trained model by what the run aims at."""

        def evaluate() -> Manifest[EvaluationFacts]:
            return self.stages.evaluate(model, self.reviews, objective=self.aims.objective)

        return self.time_limit.evaluate(model, evaluate) if self.time_limit else evaluate()

    def combine(self, results: Sequence[ModelResult], seed: int) -> list[ModelResult]:
        """Combine models of one seed and evaluate the ensemble; an empty list if no second model helps the best."""
        stack = choose_stack(results, seed=seed, artifacts_dir=self.config.artifacts_dir)
        if stack is None:
            self.stages.logger.info("%s: with seed %d, no second model helps the best on validation", STACK, seed)
            return []
        self.stages.logger.info("%s: with seed %d, %s", STACK, seed, stack.describe())
        settings = self.config.describe_stack(seed, self.aims)
        entrant = Entrant(variant=STACK, group=STACKED, encoding="text", seed=seed)
        return [attempt(entrant, lambda: self.stages.combine(stack, settings), self.evaluate)]
