"""Advice works in the rooms that no other test of remedies covers: what a message asks for is accepted.

The messages of ingest are in tests/ingest/remedies, those of settings, command line and scoring in tests/cli, and those
about files of word vectors in tests/vectors, and about folders of encoders in tests/encoders.
"""

import socket
from collections.abc import Callable
from contextlib import chdir, closing
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from flows.clean import check_folders
from flows.cluster import check_cluster
from flows.deploy import check_configured, fit_parameters, make_schedule
from flows.export import check_export
from flows.promote import check_folder
from tasks.clean.references import read_run as read_run_to_clean
from tasks.cluster.reach import check_certificates, check_dask, check_port, check_scheduler
from tasks.curve.sizes import settle_sizes
from tasks.encode.unigram import check_sentencepiece
from tasks.errors import UserError
from tasks.evaluate.bundle import find_bundle
from tasks.export.formats import FORMATS, check_kind
from tasks.export.writing import check_output
from tasks.notebook.frames import make_table
from tasks.notebook.model import Model, encode
from tasks.notebook.settings import arguments_named, build_config
from tasks.objective.choices import check_presence, choose_class_weights, make_objective
from tasks.objective.facts import Objective
from tasks.promote.champion import roll_back
from tasks.promote.history import read_history
from tasks.promote.link import find_champion
from tasks.report.run.folder import point_latest
from tasks.serve.access import Access
from tasks.serve.server import bind
from tasks.settings.clean import CleanConfig
from tasks.settings.cluster import ClusterConfig
from tasks.settings.export import ExportConfig
from tasks.settings.promote import PromoteConfig
from tasks.settings.run import RunConfig
from tasks.store.facts import Document
from tasks.store.sums import check_sum
from tasks.store.web import expand_variables
from tasks.track.contents import read_run
from tasks.track.trackers import check_trackers
from tasks.train.device import use_device
from tasks.train.identity import check_backend
from tasks.train.kernels.choice import choose_kernels
from tasks.train.own import list_variants, load_variant
from tasks.train.regions.native import require_library
from tasks.train.variants import VARIANTS
from tasks.tune.storage import open_storage
from tests.ingest.remedies.sites import ROOT, is_reached, list_sites, watch_sites

HERE = f"{__name__}:LSTM"
COVERED = ("tasks/ingest/", "tasks/cli/", "tasks/settings/", "tasks/predict/", "tasks/vectors/", "tasks/encoders/")
LABELS = ("ham", "spam")
ABSENT = {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"}
LSTM = VARIANTS["lstm"]
UNKNOWN_ENCODING = replace(LSTM, encoding="runes")
TOKENS_OF_NO_ENCODER = replace(LSTM, encoding="encoder-256")
SUBWORDS_WITH_VECTORS = replace(LSTM, encoding="subwords-8k-120", vectors="frozen")


class Page(Document):
    """A document with a number."""

    schema_version: int = 1
    number: int


@dataclass(frozen=True, kw_only=True)
class Case:
    """A check that takes a value, in a folder; a wrong value, a part of the message, and values that it asks for."""

    check: Callable[[Any, Path, pytest.MonkeyPatch], object]
    wrong: Any
    message: str
    right: tuple[Any, ...]


def case(check: Callable[[Any, Path, pytest.MonkeyPatch], object], wrong: Any, message: str, *right: Any) -> Case:
    return Case(check=check, wrong=wrong, message=message, right=right)


def read_costs(content: str | None, folder: Path, _: pytest.MonkeyPatch) -> None:
    if content is not None:
        (folder / "costs.toml").write_text(content)
    make_objective("cost", folder / "costs.toml", LABELS)


def read_weights(content: str, folder: Path, _: pytest.MonkeyPatch) -> None:
    (folder / "weights.toml").write_text(content)
    choose_class_weights(str(folder / "weights.toml"), LABELS, {"ham": 9, "spam": 1})


def count_label(number: int, *_: Any) -> None:
    counts = {split: {"ham": 9, "spam": number} for split in ("validation", "test")}
    check_presence(Objective(metric="recall", label="spam", place=1), counts)


def set_environment(values: dict[str, str], patch: pytest.MonkeyPatch) -> None:
    for name, value in values.items():
        patch.setenv(name, value)


def install(packages: set[str], module: str, patch: pytest.MonkeyPatch) -> None:
    """Let a module find these packages alone."""
    patch.setattr(f"{module}.find_spec", lambda name: name if name in packages else None)


def track(found: tuple[set[str], dict[str, str]], _: Path, patch: pytest.MonkeyPatch) -> None:
    packages, environment = found
    patch.delenv("MLFLOW_TRACKING_URI", raising=False)
    install(packages, "tasks.track.trackers", patch)
    set_environment(environment, patch)
    check_trackers(["mlflow"])


def listen(token: str | None, _: Path, patch: pytest.MonkeyPatch) -> None:
    patch.delenv("BAKEOFF_TOKEN", raising=False)
    set_environment({"BAKEOFF_TOKEN": token} if token is not None else {}, patch)
    Access.decide("0.0.0.0", (), host="0.0.0.0")  # noqa: S104


def take_port(is_taken: bool, *_: Any) -> None:  # noqa: FBT001
    with closing(socket.create_server(("127.0.0.1", 0))) as own:
        port = own.getsockname()[1] if is_taken else 0
        bind("127.0.0.1", port).close()


def take_scheduler_port(is_taken: bool, *_: Any) -> None:  # noqa: FBT001
    with closing(socket.create_server(("127.0.0.1", 0))) as own:
        check_port("127.0.0.1", own.getsockname()[1] if is_taken else 0)


def reach_scheduler(is_there: bool, *_: Any) -> None:  # noqa: FBT001
    with closing(socket.socket()) as own:
        own.bind(("127.0.0.1", 0))
        if is_there:
            own.listen()
        check_scheduler(f"tcp://127.0.0.1:{own.getsockname()[1]}")


def name_certificates(names: dict[str, str], *_: Any) -> None:
    import dask.config
    import distributed.config  # noqa: F401

    with dask.config.set(names):
        check_certificates()


def choose_backend(found: tuple[str, set[str]], _: Path, patch: pytest.MonkeyPatch) -> None:
    backend, packages = found
    patch.setenv("KERAS_BACKEND", backend)
    install(packages, "tasks.train.identity", patch)
    check_backend()


def choose_device(found: tuple[Any, Any, Any], _: Path, patch: pytest.MonkeyPatch) -> None:
    wanted, remote, own = found
    set_environment(ABSENT, patch)
    patch.setattr("tasks.train.device.find_remote_device", lambda: remote)
    patch.setattr("tasks.train.device.find_device", lambda: own)
    use_device(wanted)


def load_entry(value: str, *_: Any) -> None:
    load_variant(EntryPoint(name="lstm", value=value, group="sequence_bakeoff.variants"))


def list_entries(name: str, _: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setattr("tasks.train.own.entry_points", lambda group: [EntryPoint(name=name, value=HERE, group=group)])
    patch.setattr("tasks.train.own.load_variant", lambda _: LSTM)
    list_variants.__wrapped__()


def make_folder(name: str, folder: Path) -> Path:
    (folder / name).mkdir(exist_ok=True)
    return folder / name


def export(settings: dict[str, Any], folder: Path, patch: pytest.MonkeyPatch) -> None:
    found = dict(settings)
    patch.setenv("KERAS_BACKEND", found.pop("backend", "tensorflow"))
    for name in ("receive_model", "check_current", "check_writable", "find_bundle", "read_facts", "check_kind"):
        patch.setattr(f"flows.export.{name}", lambda *_: None)
    check_export(ExportConfig(to="onnx", artifacts_dir=folder, **found))


def write_latest(name: str, folder: Path, _: pytest.MonkeyPatch) -> None:
    run = make_folder("runs", folder) / "one"
    run.mkdir(exist_ok=True)
    if name == "latest":
        make_folder("runs/latest", folder)
    elif (folder / "runs" / "latest").is_dir():
        (folder / "runs" / "latest").rename(folder / "moved")
    point_latest(run)


def link_champion(is_link: bool, folder: Path, _: pytest.MonkeyPatch) -> None:  # noqa: FBT001
    current = folder / "current"
    if is_link:
        make_folder("bundles", folder)
        current.rename(folder / "bundles" / "lstm-0123")
        current.symlink_to("bundles/lstm-0123")
    else:
        current.mkdir()
    find_champion(folder)


def write_history(files: dict[str, str | None], folder: Path, _: pytest.MonkeyPatch) -> None:
    for name, content in files.items():
        if content is None:
            (folder / name).unlink(missing_ok=True)
        else:
            (folder / name).write_text(content)
    read_history(folder)


def clean_run(files: dict[str, str] | None, folder: Path, _: pytest.MonkeyPatch) -> None:
    run = folder / "one"
    if files is None:
        for path in run.iterdir():
            path.unlink()
    else:
        run.mkdir(exist_ok=True)
        for name, content in files.items():
            (run / name).write_text(content)
    read_run_to_clean(SimpleNamespace(path=run))  # type: ignore[arg-type]


def read_page(content: str | None, folder: Path, _: pytest.MonkeyPatch) -> None:
    if content is not None:
        (folder / "page.json").write_text(content)
    Page.read(folder / "page.json")


def sum_page(content: str, folder: Path, _: pytest.MonkeyPatch) -> None:
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # of abc
    (folder / "SHA256SUMS").write_text(f"{digest}  page.json\n")
    (folder / "page.json").write_text(content)
    check_sum(folder / "page.json")


def read_tracked(name: str, folder: Path, _: pytest.MonkeyPatch) -> None:
    make_folder("run", folder)
    if name == "run/metrics.json":
        (folder / name).write_text("{")
    try:
        read_run(folder / "run")
    except UserError as error:
        # The document of a real run takes a run.
        if "holds no" in str(error):
            raise


def predict(texts: Any, *_: Any) -> None:
    if isinstance(texts, str):
        Model(SimpleNamespace()).predict(texts)  # type: ignore[arg-type]
    for place, text in enumerate(texts):
        encode(text, place)


def name_setting(settings: dict[str, Any], folder: Path, _: pytest.MonkeyPatch) -> None:
    build_config(folder, **settings)


def fail_in_notebook(message: str, *_: Any) -> None:
    with arguments_named():
        if message:
            raise UserError(message)


CASES = [
    # Costs, class weights and metrics.
    case(read_costs, None, "costs.toml' cannot be read: No such file", "[ham]\nspam = 2\n"),
    case(read_costs, "[ham!]\n", "is not TOML: .* Put labels with signs in quotes", '["ham"]\nspam = 2\n'),
    case(read_costs, "", "is empty; expected a table for each label", "[spam]\nham = 10\n"),
    case(read_costs, "ham = 2\n", r"expected the line \[ham\], and below it lines such as", "[ham]\nspam = 10\n"),
    case(read_costs, '[ham]\nspam = "2"\n', "costs '2'; expected a number, 0 or more", "[ham]\nspam = 0.5\n"),
    case(read_costs, "[ham]\nspan = 2\n", "no label 'span'; .*Did you mean 'spam'", "[ham]\nspam = 2\n"),
    case(read_costs, "[ham]\nham = 2\n", "the right answer 'ham' costs 2; .* Leave it out", "[ham]\nspam = 2\n"),
    case(read_costs, "[ham]\nspam = 0\n", "a cost above 0 for at least one answer to each label", "[ham]\nspam = 1\n"),
    case(read_weights, "spam = 0\n", "weighs 0; expected a number, more than 0", "spam = 0.1\n"),
    case(count_label, 0, "no validation review is labelled 'spam', .* Add reviews, or choose another metric", 1),
    # Packages and addresses.
    case(
        track,
        (set(), {}),
        "needs the package mlflow; .*Install it with: pip install -e",
        ({"mlflow"}, {"MLFLOW_TRACKING_URI": "http://localhost:5000"}),
    ),
    case(
        track,
        ({"mlflow"}, {}),
        "Set it, for example: export MLFLOW_TRACKING_URI=http://localhost:5000",
        ({"mlflow"}, {"MLFLOW_TRACKING_URI": "http://localhost:5000"}),
    ),
    case(
        lambda found, folder, patch: (install(found, "tasks.tune.storage", patch), open_storage(str(folder / "j"))),
        set(),
        r"tuning needs the package optuna; .*pip install -e \".\[tune\]\"",
        {"optuna", "tomli_w"},
    ),
    case(
        lambda name, folder, _: open_storage(name.format(folder=folder)),
        "sqlite:////no/where/studies.db",
        "expected the URL of a database that exists, such as sqlite:///",
        "sqlite:///{folder}/studies.db",
        "{folder}/studies.journal",
    ),
    case(
        lambda found, _, patch: (install(found, "tasks.encode.unigram", patch), check_sentencepiece()),
        set(),
        "needs the package sentencepiece; expected it. Install it: pip install -e",
        {"sentencepiece"},
    ),
    case(
        lambda found, _, patch: (install(found, "tasks.cluster.reach", patch), check_dask()),
        set(),
        r"Dask is not installed; .*Install it with: pip install -e \".\[dask\]\"",
        {"distributed"},
    ),
    case(choose_backend, ("tensorflw", set()), "Did you mean 'tensorflow'", ("tensorflow", {"tensorflow"})),
    case(choose_backend, ("jax", set()), r"not installed; .*pip install -e \".\[jax\]\"", ("jax", {"jax"})),
    case(
        lambda name, _, patch: (patch.setenv("HOST", "h"), expand_variables(f"https://{name}/a.csv")),
        "$NO_SUCH_HOST",
        "the environment variable NO_SUCH_HOST is not set; expected it for .* Set it and run again",
        "$HOST",
    ),
    # Devices, kernels, and variants of other packages.
    case(choose_device, ("gpu", None, "CPU"), "choose --device auto", ("auto", None, "CPU"), ("gpu", None, "GPU")),
    case(choose_device, ("gpu", "CPU", "CPU"), "--gpus 1. Start one", ("gpu", "GPU", "CPU"), ("auto", "CPU", "CPU")),
    case(
        lambda wanted, _, patch: (
            patch.setattr("tasks.train.kernels.choice.find_library", lambda: None),
            choose_kernels(wanted, backend="tensorflow"),
        ),
        "native",
        "or choose --kernels auto",
        "auto",
    ),
    case(
        lambda library, _, patch: (
            patch.setattr("tasks.train.regions.native.find_library", lambda: library),
            require_library(),
        ),
        None,
        r"which is not built; .* Install a C compiler and run pip install -e \. again, or leave the variants",
        HERE,
    ),
    case(load_entry, f"{__name__}:NO_SUCH", "cannot be loaded: .* Repair that package, or uninstall it", HERE),
    case(load_entry, f"{__name__}:LABELS", "expected a Variant of tasks.train.variants named 'lstm'. Repair", HERE),
    case(
        load_entry,
        f"{__name__}:UNKNOWN_ENCODING",
        "the unknown encoding 'runes'; expected one of words-10k-120, ",
        HERE,
    ),
    case(load_entry, f"{__name__}:TOKENS_OF_NO_ENCODER", "reads pretrained; expected the kind pretrained of one", HERE),
    case(load_entry, f"{__name__}:SUBWORDS_WITH_VECTORS", "and reads subwords; expected an encoding of the kind", HERE),
    case(
        list_entries, "lstm", "the variant 'lstm' .*has the name of another variant; expected one of its own", "my-lstm"
    ),
    # Servers and clusters.
    case(
        listen, None, r"BAKEOFF_TOKEN is not set; .*export BAKEOFF_TOKEN=\$\(openssl rand -hex 20\)", "0123456789abcdef"
    ),
    case(listen, "short", "at least 16 letters and digits. Make one", "0123456789abcdef"),
    case(take_port, True, "expected a free port .*Choose another, or --port 0 for any", False),
    case(
        lambda host, *_: bind(host, 0).close(),
        "x" * 70,
        "cannot be found: .*; expected an address of this machine",
        "127.0.0.1",
    ),
    case(take_scheduler_port, True, "expected a free port of this machine. Choose another", False),
    case(reach_scheduler, False, "no scheduler answers at tcp://.* Start one with: bakeoff cluster, or correct", True),
    case(
        name_certificates,
        {},
        "expected DASK_.* in the environment. Set each to the path of a file",
        {f"distributed.comm.tls.{key}": "a.pem" for key in ("ca-file", "scheduler.cert", "client.cert", "client.key")},
    ),
    case(
        lambda settings, *_: check_cluster(ClusterConfig(scheduler="tcp://127.0.0.1:1", **settings)),
        {"workers": 1, "gpus": 2},
        "expected at most one GPU for each. Raise --workers, or lower --gpus",
        {"workers": 2, "gpus": 2},
        {"workers": 1, "gpus": 1},
    ),
    case(
        lambda workers, *_: check_cluster(ClusterConfig(scheduler="tcp://127.0.0.1:1", workers=workers)),
        0,
        "--workers is 0; expected at least one worker",
        1,
    ),
    case(
        lambda url, _, patch: (patch.setattr("flows.deploy.check_server", lambda _: None), check_configured(url)),
        None,
        "no Prefect server is configured; expected the address of one in PREFECT_API_URL",
        "http://127.0.0.1:4200/api",
    ),
    case(
        lambda parameters, *_: fit_parameters({"name": "nightly", "parameters": parameters}, RunConfig),
        {"epochs": 3},
        "has the parameters 'epochs'; expected settings under config",
        {"config": {"epochs": 3}},
    ),
    case(
        lambda parameters, *_: fit_parameters({"name": "nightly", "parameters": parameters}, RunConfig),
        {"config": {"epochs": 0}},
        "prefect.yaml: nightly: .*greater than or equal to 1",
        {"config": {"epochs": 1}},
    ),
    case(
        lambda cron, *_: make_schedule(cron, "UTC"),
        "at night",
        r"is not a cron expression; .* such as '0 2 \* \* \*'",
        "0 2 * * *",
    ),
    # Folders and files of outputs.
    case(
        lambda name, folder, _: check_folders(CleanConfig(data_dir=folder, artifacts_dir=folder / name)),
        "nowhere",
        "--artifacts-dir .* is not a folder; expected one that a run has written to",
        ".",
    ),
    case(
        lambda name, folder, _: check_folder(PromoteConfig(artifacts_dir=folder / name, rollback=True)),
        "nowhere",
        "is not a folder; expected the one that holds the models and the champion",
        ".",
    ),
    case(export, {}, "--output is missing; expected the name of a new folder", {"output": "no/such/export"}),
    case(
        export,
        {"output": "no/such/export", "backend": "jax"},
        "Run the same command with KERAS_BACKEND=tensorflow",
        {"output": "no/such/export"},
    ),
    case(
        lambda name, folder, _: ((make_folder("full", folder) / "a").touch(), check_output(folder / name)),
        "full",
        "exists; expected the name of a new folder. Choose another, or remove it",
        "new",
    ),
    case(
        lambda name, *_: check_kind(FORMATS[name], SimpleNamespace(kind="baseline", model_id="nb-svm")),
        "litert",
        "expected a network. Choose --to onnx",
        "onnx",
    ),
    case(write_latest, "latest", "expected a link to the newest run. Move it away and run again", "moved"),
    case(link_champion, False, "Move it into bundles and link to it: ln -s bundles/<its name> current", True),
    case(
        lambda files, folder, patch: (write_history(files, folder, patch), roll_back(folder)),
        {},
        "expected a previous champion. Name a bundle instead: --to <bundle>",
    ),
    case(
        write_history,
        {"history.jsonl": "no change\n"},
        "line 1 of .* cannot be read; .* Delete the line",
        {"history.jsonl": ""},
    ),
    case(
        write_history,
        {"history.jsonl": "", ".history.jsonl": "other\n", "SHA256SUMS": f"{'0' * 64}  history.jsonl\n"},
        "is damaged: expected two of .* Restore them from a backup, or, .*, delete the other two",
        {".history.jsonl": None, "SHA256SUMS": None},
    ),
    case(
        clean_run,
        {"metrics.json": "{"},
        "unknown which outputs the run needs; .* Delete the run's folder if it is not needed",
        {"metrics.json": "{}"},
        None,
    ),
    case(
        read_page,
        None,
        "page.json' cannot be read: No such file or directory; expected a readable file",
        '{"number": 1}',
    ),
    case(read_page, '{"number": "x"}', "is not what was expected at number", '{"number": 1}'),
    case(sum_page, "abd", "was changed: it does not match its hash in SHA256SUMS; expected it as it was made", "abc"),
    case(
        read_tracked, "run", "expected the folder of a finished run, such as artifacts/runs/latest", "run/metrics.json"
    ),
    case(
        lambda sizes, *_: settle_sizes(
            sizes,
            SimpleNamespace(num_reviews={"train": 400}, label_names=LABELS),  # type: ignore[arg-type]
        ),
        ["1%", "2%"],
        "Name others, such as --sizes 50%,100%, or use more reviews",
        ["50%", "100%"],
    ),
    case(
        lambda name, folder, _: ((make_folder("model", folder) / "bundle.json").touch(), find_bundle(folder / name)),
        ".",
        "expected a folder with bundle.json, such as artifacts/champion or artifacts/models/<variant>/<fingerprint>",
        "model",
    ),
    # Notebooks.
    case(predict, "good", r"predict got a single string; .*Use predict\(\[text\]\)", ["good"]),
    case(predict, [3], "text 0 is 3, of type int; expected a string or None", ["3"], [None]),
    case(
        lambda frame, *_: make_table(frame, ["text"], "label", []),
        pd.DataFrame({"text": ["a", "b"], "label": [1, "x"]}),
        r"mixes types: .* Convert it, for example: frame\['label'\] = frame\['label'\].astype\(str\)",
        pd.DataFrame({"text": ["a", "b"], "label": ["1", "x"]}),
    ),
    case(
        lambda label, *_: make_table(pd.DataFrame({"text": ["a"], "label": ["x"]}), ["text"], label, []),
        "lable",
        "the frame has no column 'lable'; .*Did you mean 'label'",
        "label",
    ),
    case(name_setting, {"epochs": 0}, "^epochs: .*greater than or equal to 1", {"epochs": 1}),
    case(fail_in_notebook, "--epochs: wrong", "^epochs: wrong", ""),
]
# Why a message has no case.
DAMAGED = "what is damaged has to be made or copied again: the room's tests damage it"
OUTSIDE = "about another program or machine: the room's tests start it, stop it, or stand in for it"
COMPUTED = "about what a model computes, or what another run did: there is nothing to type"
WRAPPED = "repeats a message that has a case, or one of a library"
EXCEPTIONS: dict[tuple[str, str], str] = {
    ("flows/track.py", "mirror_at_once"): WRAPPED,
    ("tasks/cluster/cluster.py", "check_code_of_scheduler"): OUTSIDE,
    ("tasks/cluster/cluster.py", "check_workers"): OUTSIDE,
    ("tasks/cluster/cluster.py", "connect"): OUTSIDE,
    ("tasks/cluster/connection.py", "await_workers"): OUTSIDE,
    ("tasks/cluster/work.py", "check_workers"): OUTSIDE,
    ("tasks/compare/results.py", "check_evaluation"): COMPUTED,
    ("tasks/drift/measure.py", "measure_drift"): COMPUTED,
    ("tasks/errors.py", "explain_disk_error"): OUTSIDE,
    ("tasks/evaluate/bundle.py", "check_files"): DAMAGED,
    ("tasks/evaluate/bundle.py", "check_listed"): DAMAGED,
    ("tasks/evaluate/bundle.py", "check_outputs"): DAMAGED,
    ("tasks/evaluate/bundle.py", "check_same_model"): DAMAGED,
    ("tasks/evaluate/bundle.py", "decide_prepared"): DAMAGED,
    ("tasks/evaluate/bundle.py", "faults_explained"): DAMAGED,
    ("tasks/evaluate/bundle.py", "read_bundle_file"): DAMAGED,
    ("tasks/evaluate/bundle.py", "read_bundle_manifest"): DAMAGED,
    ("tasks/evaluate/fast.py", "read_parts"): DAMAGED,
    ("tasks/export/parity.py", "check_parity"): COMPUTED,
    ("tasks/export/quantization.py", "quantize"): COMPUTED,
    ("tasks/export/writing.py", "faults_explained"): COMPUTED,
    ("tasks/notebook/frames.py", "frame_as_file"): WRAPPED,
    ("tasks/notebook/leaderboard.py", "bundle"): COMPUTED,
    ("tasks/orchestrate/temporary_server.py", "check_server"): OUTSIDE,
    ("tasks/orchestrate/temporary_server.py", "wait_until_ready"): OUTSIDE,
    ("tasks/promote/aimed_gate.py", "judge_aimed"): COMPUTED,
    ("tasks/promote/champion.py", "check_as_promoted"): DAMAGED,
    ("tasks/promote/identity.py", "check_name"): DAMAGED,
    ("tasks/promote/rescore.py", "place_labels"): COMPUTED,
    ("tasks/promote/rescore.py", "read_answers"): DAMAGED,
    ("tasks/promote/shared.py", "fetch_bundle"): OUTSIDE,
    ("tasks/promote/shared.py", "read_change"): OUTSIDE,
    ("tasks/promote/shared.py", "send"): OUTSIDE,
    ("tasks/serve/following.py", "find_place"): DAMAGED,
    ("tasks/store/inputs.py", "check_access"): OUTSIDE,
    ("tasks/store/inputs.py", "fetch_folder"): OUTSIDE,
    ("tasks/store/inputs.py", "fetch_input"): OUTSIDE,
    ("tasks/store/objects.py", "connect"): OUTSIDE,
    ("tasks/store/objects.py", "errors_explained"): OUTSIDE,
    ("tasks/store/objects.py", "find_settings"): OUTSIDE,
    ("tasks/store/objects.py", "put"): OUTSIDE,
    ("tasks/store/objects.py", "read_credentials"): OUTSIDE,
    ("tasks/store/web.py", "download"): OUTSIDE,
    ("tasks/store/web.py", "request"): OUTSIDE,
    ("tasks/track/mirroring.py", "mirror"): OUTSIDE,
    ("tasks/train/kernels/recurrent.py", "load_library"): OUTSIDE,
    ("tasks/train/kernels/choice.py", "check_sources"): OUTSIDE,
}


@pytest.mark.parametrize("found", CASES, ids=lambda found: found.message[:60])
def test_what_a_message_asks_for_is_accepted(found: Case, tmp_path: Path) -> None:
    complain(found, tmp_path)
    for right in found.right:
        with chdir(tmp_path), pytest.MonkeyPatch.context() as patch:
            found.check(right, tmp_path, patch)


def complain(found: Case, folder: Path) -> None:
    with chdir(folder), pytest.MonkeyPatch.context() as patch, pytest.raises(UserError, match=found.message) as caught:
        found.check(found.wrong, folder, patch)
    assert "\n" not in str(caught.value)


def test_every_message_has_a_case_or_a_reason(tmp_path: Path) -> None:
    with watch_sites(ROOT) as reached:
        for number, found in enumerate(CASES):
            (tmp_path / str(number)).mkdir()
            complain(found, tmp_path / str(number))
    sites = [
        site._replace(file=f"{package}/{site.file}")
        for package in ("tasks", "flows")
        for site in list_sites(ROOT / package)
    ]
    others = [site for site in sites if not site.file.startswith(COVERED)]
    missing = [(site.file, site.function) for site in others if not is_reached(site, reached)]
    assert set(missing) == set(EXCEPTIONS)
