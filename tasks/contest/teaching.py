"""Who teaches the students of each seed, and what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from tasks.compare.results import ModelResult
from tasks.contest.stages import Stages
from tasks.encode.facts import EncodingFacts
from tasks.ingest.facts import UnlabelledManifest
from tasks.settings.training import TrainingSettings
from tasks.stack.output import choose_best
from tasks.stack.writing import Stack
from tasks.store.outputs import Manifest
from tasks.train.output import LessonOutputs


@dataclass(frozen=True)
class Teaching:
    """The teacher of each seed, and the texts without labels that it answers for."""

    stages: Stages
    texts: UnlabelledManifest
    label_names: Sequence[str]
    teachers: Mapping[int, Stack | None]

    @classmethod
    def prepare(
        cls,
        stages: Stages,
        results: Sequence[ModelResult],
        texts: UnlabelledManifest,
        *,
        config: TrainingSettings,
        label_names: Sequence[str],
    ) -> Self:
        """Choose the teachers: the best model of each seed that is no student, or the best combination.

        Where there is no such model, the students learn from labels alone.
        """
        teachers = {
            seed: choose_best(results, seed=seed, artifacts_dir=config.artifacts_dir) for seed in config.seed_values
        }
        for seed, teacher in teachers.items():
            found = teacher.describe() if teacher else "none, so that they learn from labels alone"
            stages.logger.info("the teacher of the students with seed %d: %s", seed, found)
        return cls(stages, texts, label_names, teachers)

    def prepare_lessons(self, seed: int, encoded: Manifest[EncodingFacts]) -> LessonOutputs | None:
        """Make the lessons of a student with a seed and an encoding; None if nobody teaches it."""
        teacher = self.teachers[seed]
        if teacher is None:
            return None
        return LessonOutputs(
            self.stages.encode_unlabelled(self.texts, encoded),
            self.stages.answer(teacher, self.texts, seed=seed, label_names=self.label_names),
        )
