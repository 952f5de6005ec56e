"""The table of commands; `bakeoff`, each flow's own script, the settings reference and the checks follow from it.

To add a command, add a row. A row names what it needs by import path, so that listing the commands imports none of it.
"""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from importlib import import_module
from typing import Any, Final

from tasks.errors import UserError, did_you_mean
from tasks.settings.base import FlowConfig


@dataclass(frozen=True)
class Command:
    """What `bakeoff NAME` runs: a flow's module, its settings, and a check that runs before anything slow is imported.

    `settings`, `check` and `answer` are import paths, "package.module:name". `answer`, if given, handles the request
    without Prefect if it can, and returns whether it did. `needs_server` is False if the command only looks at a server
    and none is started for it.
    """

    name: str
    flow: str
    summary: str
    _: KW_ONLY
    settings: str
    check: str | None = None
    answer: str | None = None
    needs_server: bool = True

    @property
    def script(self) -> str:
        """The command line of the flow's own file: "python flows/train_all.py"."""
        return f"python {self.flow.replace('.', '/')}.py"

    def load_settings(self) -> type[FlowConfig]:
        """Import the settings."""
        settings: type[FlowConfig] = load(self.settings)
        return settings


_ROWS: Final = (
    Command(
        "train",
        "flows.train_all",
        "train and compare models on one dataset, and promote the best one if it passes the gate",
        settings="tasks.settings.run:RunConfig",
        check="tasks.cli.checks:check_run",
    ),
    Command(
        "tune",
        "flows.tune",
        "search better settings for each model with equal budgets, and keep them as a config file",
        settings="tasks.settings.tune:TuneConfig",
        check="tasks.cli.checks:check_run",
    ),
    Command(
        "label-errors",
        "flows.label_errors",
        "list the labels that are probably wrong, for annotators to check",
        settings="tasks.settings.label_errors:LabelErrorsConfig",
        check="tasks.cli.checks:check_label_errors",
    ),
    Command(
        "predict",
        "flows.predict",
        "score texts or a file with a trained model",
        settings="tasks.settings.predict:PredictConfig",
        check="tasks.cli.scoring:check_prediction",
        answer="tasks.cli.scoring:answer_at_once",
    ),
    Command(
        "serve-model",
        "flows.serve_model",
        "score texts over HTTP with a trained model",
        settings="tasks.settings.serve_model:ServeConfig",
        check="flows.serve_model:check_serving",
        answer="flows.serve_model:serve_at_once",
    ),
    Command(
        "promote",
        "flows.promote",
        "change the champion by hand, or roll back to the previous one",
        settings="tasks.settings.promote:PromoteConfig",
        check="flows.promote:check_folder",
        answer="flows.promote:change_at_once",
    ),
    Command(
        "track",
        "flows.track",
        "mirror a finished run and the champion to a tracker such as MLflow",
        settings="tasks.settings.track:TrackConfig",
        check="flows.track:check_tracking",
        answer="flows.track:mirror_at_once",
    ),
    Command(
        "export",
        "flows.export",
        "write a model for programs without this project",
        settings="tasks.settings.export:ExportConfig",
        check="flows.export:check_export",
        answer="flows.export:export_at_once",
    ),
    Command(
        "probe",
        "flows.probe_context",
        "measure how far back each kind of model remembers",
        settings="tasks.settings.probe:ProbeConfig",
        check="tasks.cli.checks:check_training",
    ),
    Command(
        "cluster",
        "flows.cluster",
        "run workers that train for other flows, and a scheduler for them",
        settings="tasks.settings.cluster:ClusterConfig",
        check="flows.cluster:check_cluster",
        answer="flows.cluster:run_at_once",
    ),
    Command(
        "learning-curve",
        "flows.learning_curve",
        "measure how accuracy grows with the number of training reviews, and tell what more of them would bring",
        settings="tasks.settings.learning_curve:CurveConfig",
        check="tasks.cli.checks:check_curve",
    ),
    Command(
        "clean",
        "flows.clean",
        "remove old outputs that no champion or recent run refers to",
        settings="tasks.settings.clean:CleanConfig",
        check="flows.clean:check_folders",
        answer="flows.clean:clean_at_once",
    ),
    Command(
        "doctor",
        "flows.doctor",
        "tell whether unattended runs will work here",
        settings="tasks.settings.doctor:DoctorConfig",
        needs_server=False,
    ),
)
COMMANDS: Final = {row.name: row for row in _ROWS}


def find_command(name: str, others: Sequence[str] = ()) -> Command:
    """Look up a command; raises UserError with a suggestion when there is none of that name."""
    if name not in COMMANDS:
        names = [*COMMANDS, *others]
        raise UserError(f"unknown command {name!r}; expected one of {', '.join(names)}.{did_you_mean(name, names)}")
    return COMMANDS[name]


def list_settings() -> list[type[FlowConfig]]:
    """Import every command's settings; all commands accept an environment variable that any of them knows."""
    return [command.load_settings() for command in COMMANDS.values()]


def load(path: str) -> Any:
    """Import the object that a path names: load("tasks.errors:UserError")."""
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)
