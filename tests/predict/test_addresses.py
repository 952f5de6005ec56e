"""Texts are scored from and to an object store, by the champion that is there."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.cli.scoring import check_prediction, make_job
from tasks.errors import UserError
from tasks.formatting.addresses import find_copy
from tasks.predict.job import Listener, score_file
from tasks.promote.champion import hold_champion, promote
from tasks.serve.following import Follower
from tasks.settings.predict import PredictConfig
from tasks.store.contract import open_store
from tasks.store.inputs import send_output
from tasks.store.objects import open_objects

Machine = Callable[[str], Path]

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # Keras saves with NumPy 1's protocol


def promote_by_hand(root: Path, bundle: Path) -> None:
    with hold_champion(root) as champions:
        promote(champions, bundle, run=None, reasons=[])


def test_rows_are_scored_by_the_champion_of_another_machine(machine: Machine, bucket: str, bundle: Path) -> None:
    promote_by_hand(machine("a"), bundle)
    open_objects(bucket).put("rows.csv", b"text\na great film\nso dull\n")
    machine("b")
    config = PredictConfig(
        input=f"{bucket}/rows.csv",
        output=f"{bucket}/out/scored.csv",  # type: ignore[arg-type]
        artifacts_dir=f"{bucket}/artifacts",  # type: ignore[arg-type]
    )
    check_prediction(config)
    job = make_job(config)
    assert score_file(job, listener=Listener()).num_rows == 2
    send_output(job.output)
    found = open_objects(bucket).get("out/scored.csv")
    assert found is not None
    assert found.content.startswith(b'"text","predicted_label","p_bad","p_good"')


def test_model_may_be_an_output_at_an_address(machine: Machine, bucket: str, bundle: Path) -> None:
    root = machine("a")
    folder = root / "models" / "tfidf-linear" / "0123456789abcdef"
    folder.mkdir(parents=True)
    for path in bundle.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    for manifest in ("training.json", "manifest.json"):
        open_store(root).publish(folder.relative_to(root).as_posix(), manifest)
    machine("b")
    address = f"{bucket}/artifacts/models/tfidf-linear/0123456789abcdef"
    config = PredictConfig(text="a great film", model=address)  # type: ignore[arg-type]
    check_prediction(config)
    assert (find_copy(address) / "bundle.json").is_file()


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("input", "^--input s3://.*/nothing.csv: no such file; expected a file or a folder. Correct the address."),
        ("output", "^the folder of --output s3://bakeoff-nowhere: there is no such bucket or container; expected one."),
        ("model", "^'s3://.*/nothing.csv' holds no model; expected"),
    ],
)
def test_address_that_leads_nowhere_is_one_line(
    machine: Machine, bucket: str, bundle: Path, setting: str, message: str
) -> None:
    promote_by_hand(machine("a"), bundle)
    open_objects(bucket).put("rows.csv", b"text\na great film\n")
    given = {"input": f"{bucket}/rows.csv", "output": f"{bucket}/scored.csv", "artifacts_dir": f"{bucket}/artifacts"}
    given[setting] = "s3://bakeoff-nowhere/scored.csv" if setting == "output" else f"{bucket}/nothing.csv"
    with pytest.raises(UserError, match=message):
        check_prediction(PredictConfig(**given))  # type: ignore[arg-type]


def test_server_follows_the_champion_of_all_machines(machine: Machine, bundle: Path, network: Path) -> None:
    promote_by_hand(machine("a"), bundle)
    root = machine("b")
    follower = Follower(root / "champion", min_confidence=0.0)
    assert follower.current.name.startswith("tfidf-linear-")
    promote_by_hand(machine("a"), network)
    machine("b")
    follower.look()
    assert follower.refused is None
    assert follower.current.name.startswith("average-pool-")
