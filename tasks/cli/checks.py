"""Checks of a run's settings before anything slow is imported."""

import tempfile
from pathlib import Path

from tasks.cluster.reach import check_scheduler
from tasks.curve.sizes import settle_sizes
from tasks.encoders.weights import check_encoder
from tasks.errors import UserError
from tasks.formatting.addresses import find_address, find_cache
from tasks.ingest.challenge import choose_challenge
from tasks.ingest.datasets import choose_dataset
from tasks.ingest.facts import ReviewsFacts
from tasks.ingest.rehearsal import rehearse
from tasks.ingest.unlabelled import choose_unlabelled
from tasks.settings.label_errors import LabelErrorsConfig
from tasks.settings.learning_curve import CurveConfig
from tasks.settings.probe import ProbeConfig
from tasks.settings.run import RunConfig
from tasks.settings.training import TrainingSettings
from tasks.settings.tuning import find_studies, make_budget
from tasks.store.inputs import check_access
from tasks.track.trackers import check_trackers
from tasks.train.device import use_device
from tasks.train.identity import check_backend
from tasks.train.kernels.choice import choose_kernels
from tasks.tune.storage import open_storage
from tasks.tune.subject import SUFFIX
from tasks.vectors.formats import check_vectors


def check_run(config: RunConfig) -> None:
    """Raise UserError for what would make a run fail: folders that cannot be written, data that cannot be used, ..."""
    check_training(config)
    check_tuning(config)
    check_trackers(config.track)
    check_data(config)
    for name, path in config.challenge_paths.items():
        choose_challenge(name, path, config.other_files)


def check_curve(config: CurveConfig) -> None:
    """Raise UserError for what would make a learning curve fail: the same, and sizes that the data do not have."""
    check_training(config)
    if found := check_data(config):
        settle_sizes(config.sizes, found)


def check_data(config: TrainingSettings) -> ReviewsFacts | None:
    """Raise UserError for data that cannot be used; returns what is known of them, None before a download."""
    config.check_aims()
    if config.encoding == "unigram":
        from tasks.encode.unigram import check_sentencepiece

        check_sentencepiece()
    choice = choose_dataset(config.dataset, config.data_dir, config.files)
    found = rehearse(
        choice,
        config.data_dir,
        validation_fraction=config.validation_fraction,
        limit=config.limit,
        ordinal=config.ordinal,
    )
    if config.unlabelled_path is not None:
        choose_unlabelled(config.unlabelled_path, choice, config.other_files, config.data_dir)
    if config.vectors is not None:
        check_vectors(config.vectors)
    if config.encoder is not None:
        check_encoder(config.encoder)
    if found:
        config.find_aims(found)
    return found


def check_label_errors(config: LabelErrorsConfig) -> None:
    """Raise UserError for what would make an audit of labels fail: unwritable folders, data that cannot be used."""
    check_writable(config.data_dir, "--data-dir")
    check_writable(config.artifacts_dir, "--artifacts-dir")
    choice = choose_dataset(config.dataset, config.data_dir, config.files)
    rehearse(
        choice,
        config.data_dir,
        validation_fraction=config.validation_fraction,
        limit=config.limit,
        ordinal=config.ordinal,
    )


def check_tuning(config: RunConfig) -> None:
    """Raise UserError for what would make tuning fail: no Optuna, no storage, or a name that another model has."""
    if make_budget(config) is None:
        return
    open_storage(find_studies(config))
    names = {*config.variant_table, *config.baseline_table}
    for name in (*config.variant_names, *config.choose_baselines(None)):
        if f"{name}{SUFFIX}" in names:
            raise UserError(
                f"the tuned {name} would be called {name}{SUFFIX}, which is the name of another model; expected a name "
                f"that is free. Rename that model in the config file, or do not tune {name}."
            )


def check_training(config: TrainingSettings | ProbeConfig) -> None:
    """Raise UserError for what would make every training fail: backend, kernels, device, or unwritable folders."""
    choose_kernels(config.kernels, backend=check_backend())
    if config.scheduler:
        check_scheduler(config.scheduler)
    if config.device == "cpu" or not config.scheduler:
        use_device(config.device)
    check_writable(config.data_dir, "--data-dir")
    check_writable(config.artifacts_dir, "--artifacts-dir")


def check_writable(folder: Path, flag: str) -> None:
    """Raise UserError, which names the flag, if a file in the folder, or at the address of it, cannot be created."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        if find_address(folder):
            raise UserError(
                f"copies for {flag} cannot be written under {str(find_cache())!r}: {error.strerror}; expected a "
                "writable folder. Set XDG_CACHE_HOME to another."
            ) from error
        raise UserError(
            f"{flag} {str(folder)!r} cannot be written: {error.strerror}; expected a writable folder. Choose another."
        ) from error
    check_access(folder, flag)
