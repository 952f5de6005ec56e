"""A case: what is wrong, a part of the message, and what the message tells people to do, done."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import chdir
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tasks.errors import UserError
from tasks.ingest.challenge import choose_challenge, write_challenge
from tasks.ingest.datasets import choose_dataset, download_dataset, open_source
from tasks.ingest.rehearsal import rehearse
from tasks.ingest.reviews import write_dataset
from tasks.ingest.unlabelled import UnlabelledChoice, choose_unlabelled
from tasks.ingest.unlabelled_writing import write_unlabelled
from tasks.predict.reading import peek_columns, take_rows
from tasks.settings.predict import PredictConfig
from tasks.settings.run import RunConfig

# Where the files are, seen from the present folder, in which commands are run: the name has to be quoted.
PLACE = "my $films"
FLAG = re.compile(r"--([a-z-]+)[ =]('[^']*'|[\w.;|+-]+)")
COMMAND = re.compile(r"(?<=: )(?:python -|tar -|curl -|sed -|tail -|7z x).*")
CHOICE = re.compile(r"expected (?:one|some) of '([^']*)'")

Content = str | bytes | Callable[[Path], object]


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A dataset, and the settings that it is checked with, in a present folder; `patch` holds a case's limits."""

    folder: Path
    dataset: str
    settings: Mapping[str, Any]
    patch: pytest.MonkeyPatch

    @property
    def files(self) -> Path:
        """The folder of the dataset's files."""
        return self.folder / PLACE

    @property
    def config(self) -> RunConfig:
        data = self.folder / "data"
        return RunConfig(dataset=self.dataset, data_dir=data, artifacts_dir=data, **self.settings)


def check_files(attempt: Attempt) -> None:
    """Check a dataset as the command line does before it starts a flow."""
    config = attempt.config
    choice = choose_dataset(config.dataset, config.data_dir, config.files)
    rehearse(
        choice,
        config.data_dir,
        validation_fraction=config.validation_fraction,
        limit=config.limit,
        ordinal=config.ordinal,
    )


def check_set(attempt: Attempt) -> None:
    """Choose, download and open a prepared or generated set, as a run does."""
    choice = choose_dataset(attempt.dataset, attempt.folder / "data", attempt.config.files)
    download_dataset(choice, attempt.folder / "data")
    open_source(choice.dataset, attempt.folder / "data")


def check_unlabelled(attempt: Attempt) -> None:
    """Write texts without labels, as a run does; without a path, those of a prepared set."""
    config = attempt.config
    choice = choose_dataset(config.dataset, config.data_dir, config.files)
    texts = choose_unlabelled(config.unlabelled_path, choice, config.files, config.data_dir)
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_dataset(choice, config.data_dir, folder, validation_fraction=0.1, limit=None)
        write_unlabelled(texts or UnlabelledChoice("films"), config.data_dir, folder, folder, limit=None)


def check_challenge(attempt: Attempt) -> None:
    """Write further test sets, as a run does."""
    config = attempt.config
    choice = choose_dataset(config.dataset, config.data_dir, config.files)
    chosen = [choose_challenge(name, path, config.other_files) for name, path in config.challenge_paths.items()]
    with TemporaryDirectory() as name:
        folder = Path(name)
        facts = write_dataset(choice, config.data_dir, folder, validation_fraction=0.1, limit=None)
        for further in chosen:
            write_challenge(further, folder, folder, label_names=facts.label_names)


def check_input(attempt: Attempt) -> None:
    """Look at texts to score, and take all of them, as scoring does."""
    config = PredictConfig(input=attempt.dataset, output=attempt.folder / "out.csv", **attempt.settings)
    for _ in take_rows(config.files, peek_columns(config.files).text_columns):
        pass


# What a message tells people to do: it takes what was tried, and returns what is to be tried next.
Remedy = Callable[[Attempt, str], Attempt]


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is wrong with files or settings, and the remedies that the message names; each of them must be enough.

    `message` is a regular expression for a part of the message. The dataset is the first of `files` unless `dataset`
    names another. `limits` replace attributes, such as the longest line, so that small files exceed them.
    """

    message: str
    remedies: Sequence[Remedy]
    files: Mapping[str, Content] = field(default_factory=dict)
    dataset: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    limits: Mapping[str, Any] = field(default_factory=dict)
    check: Callable[[Attempt], None] = check_files

    def start(self, folder: Path, patch: pytest.MonkeyPatch) -> Attempt:
        """Write the files into a folder, and set the limits."""
        for name, content in self.files.items():
            write_content(folder / PLACE / name, content)
        # As in an environment that is active.
        patch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        for name, value in self.limits.items():
            patch.setattr(name, value)
        (folder / PLACE).mkdir(exist_ok=True)
        dataset = self.dataset or f"{PLACE}/{next(iter(self.files)).partition('/')[0]}"
        return Attempt(folder=folder, dataset=dataset, settings=self.settings, patch=patch)

    def complain(self, attempt: Attempt) -> str:
        """Return the message, which must be one line that matches."""
        with chdir(attempt.folder), pytest.raises(UserError) as caught:
            self.check(attempt)
        message = str(caught.value)
        assert "\n" not in message
        assert re.search(self.message, message), message
        return message

    def follow(self, remedy: Remedy, folder: Path) -> None:
        """See the case fail, do what the message says, and see it pass."""
        with pytest.MonkeyPatch.context() as patch:
            attempt = self.start(folder, patch)
            better = remedy(attempt, self.complain(attempt))
            with chdir(folder):
                self.check(better)


def write_content(path: Path, content: Content) -> None:
    path = Path(os.path.normpath(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_dir():
        path.unlink(missing_ok=True)
    if callable(content):
        content(path)
    else:
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def use(**settings: Any) -> Remedy:
    """Give other values to some settings."""
    return lambda attempt, _: replace(attempt, settings={**attempt.settings, **settings})


def leave_out(flag: str) -> Remedy:
    return lambda attempt, _: replace(
        attempt, settings={name: value for name, value in attempt.settings.items() if name != flag}
    )


def take_flag(flag: str, *, last: bool = False) -> Remedy:
    """Give a setting the value that the message suggests: the first, or the last, as the first may be in force."""

    def follow(attempt: Attempt, message: str) -> Attempt:
        values = [value for name, value in FLAG.findall(message) if name == flag.replace("_", "-")]
        value = values[-1 if last else 0]
        chosen = shlex.split(value)[0] if value.startswith("'") else value.rstrip(".;")
        if flag == "dataset":
            return replace(attempt, dataset=chosen)
        return use(**{flag: chosen})(attempt, message)

    return follow


def take_choice(flag: str) -> Remedy:
    """Give a setting the first of the names that the message lists."""
    return lambda attempt, message: use(**{flag: CHOICE.findall(message)[0]})(attempt, message)


def take_meant(flag: str = "dataset") -> Remedy:
    """Give a setting, or the end of the dataset's name, the name that the message takes to be meant."""

    def follow(attempt: Attempt, message: str) -> Attempt:
        meant = message.rpartition("Did you mean '")[2].removesuffix("'?")
        if flag != "dataset":
            return use(**{flag: meant})(attempt, message)
        return replace(attempt, dataset=str(Path(attempt.dataset).with_name(meant)))

    return follow


def choose(dataset: str) -> Remedy:
    """Choose another dataset."""
    return lambda attempt, _: replace(attempt, dataset=dataset)


def write(name: str, content: Content) -> Remedy:
    """Correct or add a file."""

    def follow(attempt: Attempt, _: str) -> Attempt:
        write_content(attempt.files / name, content)
        return attempt

    return follow


def write_all(contents: Mapping[str, Content]) -> Remedy:
    """Add several files."""

    def follow(attempt: Attempt, message: str) -> Attempt:
        for name, content in contents.items():
            write(name, content)(attempt, message)
        return attempt

    return follow


def allow(name: str) -> Remedy:
    """Change the permissions of a file."""

    def follow(attempt: Attempt, _: str) -> Attempt:
        (attempt.files / name).chmod(0o600)
        return attempt

    return follow


def rename(old: str, new: str) -> Remedy:
    """Rename or move a file, and name it so."""

    def follow(attempt: Attempt, _: str) -> Attempt:
        (attempt.files / new).parent.mkdir(parents=True, exist_ok=True)
        (attempt.files / old).rename(attempt.files / new)
        is_named = attempt.dataset == f"{PLACE}/{old}"
        return replace(attempt, dataset=f"{PLACE}/{new}") if is_named else attempt

    return follow


def remove(name: str) -> Remedy:
    def follow(attempt: Attempt, _: str) -> Attempt:
        (attempt.files / name).unlink()
        return attempt

    return follow


def run(result: str, *, typed: str = "") -> Remedy:
    """Run the command at the end of the message in a shell, with an answer to what it asks, and name its result."""

    def follow(attempt: Attempt, message: str) -> Attempt:
        found = COMMAND.search(message)
        assert found, message
        program = shlex.split(found[0])[0]
        if program != "python" and shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
        environment = {"PATH": os.environ["PATH"], "PYTHONWARNINGS": "ignore"}
        subprocess.run(
            found[0],
            shell=True,
            cwd=attempt.folder,
            env=environment,
            check=True,
            input=typed,
            text=True,
            capture_output=True,
            start_new_session=True,
            timeout=120,
        )
        return replace(attempt, dataset=result)

    return follow


def lift(attempt: Attempt, _: str) -> Attempt:
    """Do what only takes effect outside: install a package, wait for a server, change permissions."""
    attempt.patch.undo()
    return attempt


def both(first: Remedy, second: Remedy) -> Remedy:
    """Follow one remedy and then another."""
    return lambda attempt, message: second(first(attempt, message), message)
