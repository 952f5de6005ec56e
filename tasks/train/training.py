"""Train one variant with one seed and write its files."""

import math
import resource
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Final

import keras
import pandas as pd

from tasks.encode.encodings import Encoding
from tasks.encode.sequences import read_sequences
from tasks.encoders.facts import Pretrained
from tasks.store.layout import TEXT_VECTOR_FILES, VALIDATION_FILE
from tasks.train.backend import make_epoch_runner, name_instructions, name_kernel, prepare_device, release_memory
from tasks.train.build import build_model, count_parameters, describe_model, forget_training, quantize_model
from tasks.train.encoder import cut_head
from tasks.train.facts import HistoryFacts, TrainingFacts
from tasks.train.fit import Split, choose_best, fit
from tasks.train.lessons import Lessons, read_training
from tasks.train.settings import EpochRecord, FitSettings, Listener
from tasks.train.text_vectors import read_text_vectors
from tasks.train.variants import Variant

KIBIBYTES_PER_MEBIBYTE: Final = 1024


def train_variant(
    variant: Variant,
    encoding: Encoding,
    settings: FitSettings,
    *,
    num_classes: int,
    sequences_folder: Path,
    folder: Path,
    listener: Listener,
    lessons: Lessons | None = None,
    vectors: Path | None = None,
    encoder: Pretrained | None = None,
    text_vectors: Path | None = None,
    regions: Path | None = None,
) -> TrainingFacts:
    """Train a variant; write model.keras, summary.txt, history.csv and a copy of tokenizer.json; return the numbers.

    A student also learns from `lessons`. `vectors` is a file with the first values of the word vectors. The model
    begins with the `encoder`, if there is one; `text_vectors` is a folder with the vectors that it gives the texts,
    from which only what follows the encoder learns. `regions` is a file with embeddings of regions. The files go to
    `folder`; `folder`/checkpoint keeps the state after each epoch, so that an interrupted training can resume. Raises
    TrainingError when a loss is not finite.
    """
    device = prepare_device(settings.device)
    keras.utils.set_random_seed(settings.seed)
    try:
        scratch = folder / "sequences"
        if text_vectors:
            train, validation = (read_text_vectors(text_vectors, sequences_folder, it) for it in TEXT_VECTOR_FILES)
        else:
            train = Split(*read_training(sequences_folder, lessons, num_classes=num_classes, scratch=scratch))
            validation = Split(*read_sequences(sequences_folder / VALIDATION_FILE, scratch=scratch))
        model = build_model(
            variant,
            encoding,
            num_classes=num_classes,
            learning_rate=settings.learning_rate,
            clip_norm=settings.clip_norm,
            soft_labels=lessons is not None,
            class_weights=settings.class_weights,
            vectors=vectors,
            encoder=encoder,
            regions=regions,
            num_updates=settings.epochs * math.ceil(len(train.labels) / settings.batch_size),
        )
        learner = cut_head(model) if text_vectors else model
        history = fit(
            learner,
            make_epoch_runner(learner, batch_size=settings.batch_size, kernels=settings.kernels),
            train,
            validation,
            settings,
            checkpoint=folder / "checkpoint" / "state.npz",
            listener=listener,
            word_dropout=variant.word_dropout,
        )
        num_params, kernel = count_parameters(model), name_kernel(learner)
        if variant.quantize:
            model = quantize_model(model, variant.quantize)
        elif lessons or settings.class_weights or encoder:
            # Plain Keras could load neither the metric of soft labels nor the weighted loss, and the optimizer's state
            # would make the file of an encoder three times as large.
            model = forget_training(model)
        write_files(folder, model, history)
        shutil.copy(sequences_folder / "tokenizer.json", folder)
        return TrainingFacts(
            num_params=num_params,
            device=device,
            kernel=kernel,
            instructions=name_instructions(kernel),
            peak_memory_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // KIBIBYTES_PER_MEBIBYTE,
            encoding=encoding.name,
            description=variant.description,
            definition=dict(variant.definition) if variant.definition is not None else None,
            **dict(summarise_history(history, settings)),
        )
    finally:
        release_memory()


def write_files(folder: Path, model: keras.Model, history: Sequence[EpochRecord]) -> None:
    """Write the model, its summary and the history of its training."""
    model.save(folder / "model.keras")
    (folder / "summary.txt").write_text(describe_model(model), encoding="utf-8")
    records = pd.DataFrame([asdict(record) for record in history])
    # A metric that decides is a column only if there is one.
    records.dropna(axis="columns", how="all").to_csv(folder / "history.csv", index=False)


def summarise_history(history: list[EpochRecord], settings: FitSettings) -> HistoryFacts:
    """Reduce the history to the numbers of the leaderboard."""
    best, per_epoch = history[choose_best(history)], len(history) / history[-1].epoch
    return HistoryFacts(
        batch_size=settings.batch_size,
        epochs=history[-1].epoch,
        best_epoch=best.epoch,
        train_accuracy=best.accuracy,
        train_loss=best.loss,
        val_accuracy=best.val_accuracy,
        val_loss=best.val_loss,
        train_seconds=sum(record.seconds for record in history),
        epoch_seconds=per_epoch * median(record.train_seconds for record in history),
        reviews_per_second=median(record.reviews_per_second for record in history),
    )
