"""A world without a network, and tiny prepared datasets in the shapes of well-known ones."""

import socket
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.process.quiet_imports import import_quietly

Examples = list[dict[str, Any]]

NEWS = ["World", "Sports", "Business", "Sci/Tech"]
SPLITS = {"train": ["Old news", "a known film"], "validation": ["in  validation"], "test": ["in the TEST", "unseen"]}


@pytest.fixture(autouse=True)
def isolated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hide this machine's data and proxies, and let no connection leave it."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in ("TFDS_DATA_DIR", "http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    look_up = socket.getaddrinfo

    def look_up_this_machine(host: str, *arguments: Any, **options: Any) -> list[Any]:
        assert host == "127.0.0.1", f"a test reached for {host}"
        return look_up(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", look_up_this_machine)


@pytest.fixture(scope="session")
def build_tfds() -> Callable[..., None]:
    """Prepare a dataset: build_tfds(folder, "imdb_reviews/plain_text:1.0.0", features, {"train": [...]})."""
    import_quietly("tensorflow")
    import tensorflow_datasets as tfds

    tfds.disable_progress_bar()

    class TinyBuilder(tfds.core.dataset_builders.AdhocBuilder, skip_registration=True):
        supervised_keys: tuple[str, str] | None = None

        def _info(self) -> Any:
            return tfds.core.DatasetInfo(
                builder=self,
                features=self._feature_spec,
                supervised_keys=self.supervised_keys,
                disable_shuffling=True,
            )

    def build(
        folder: Path,
        full_name: str,
        features: dict[str, Any],
        splits: dict[str, Examples],
        *,
        supervised_keys: tuple[str, str] | None = None,
        file_format: str = "tfrecord",
        num_shards: int = 1,
    ) -> None:
        name, _, version = full_name.partition(":")
        name, _, config = name.partition("/")
        TinyBuilder.supervised_keys = supervised_keys
        TinyBuilder(
            name=name,
            version=version,
            config=config or None,
            features=tfds.features.FeaturesDict(features),
            split_datasets={split: list(enumerate(examples)) for split, examples in splits.items()},
            data_dir=folder,
            file_format=file_format,
            disable_shuffling=True,
        ).download_and_prepare(download_config=tfds.download.DownloadConfig(num_shards=num_shards))

    return build


@pytest.fixture(scope="session")
def prepared(build_tfds: Callable[..., None], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of prepared datasets; read only."""
    import tensorflow_datasets as tfds

    folder = tmp_path_factory.mktemp("prepared")
    text, sentiment = tfds.features.Text(), tfds.features.ClassLabel(names=["neg", "pos"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("scratch")))
        build_tfds(
            folder,
            "imdb_reviews/plain_text:1.0.0",
            {"text": text, "label": sentiment},
            {
                "train": [{"text": f"train film {number}", "label": number % 2} for number in range(40)],
                "test": [{"text": f"test film {number}", "label": number % 2} for number in range(20)],
                "unsupervised": [{"text": "unlabelled film", "label": -1}],
            },
            supervised_keys=("text", "label"),
        )
        build_tfds(
            folder,
            "ag_news_subset:1.0.0",
            {"title": text, "description": text, "label": tfds.features.ClassLabel(names=NEWS)},
            {
                split: [
                    {"title": f"{split} title {number}", "description": f"{split} story {number}", "label": number % 4}
                    for number in range(8)
                ]
                for split in ("train", "test")
            },
            supervised_keys=("description", "label"),
        )
        build_tfds(
            folder,
            "glue/sst2:2.0.0",
            {
                "sentence": text,
                "label": tfds.features.ClassLabel(names=["negative", "positive"]),
                "idx": np.int32,
            },
            {
                split: [
                    {"sentence": f"{split} {idx}", "label": -1 if split == "test" else idx % 2, "idx": idx}
                    for idx in range(6)
                ]
                for split in ("train", "validation", "test")
            },
        )
    return folder


@pytest.fixture
def reviews_folder(tmp_path: Path) -> Path:
    """A folder of reviews, with the texts of SPLITS."""
    folder = tmp_path / "reviews"
    folder.mkdir()
    for split, texts in SPLITS.items():
        columns = {"id": [f"{split}-{index}" for index in range(len(texts))], "text": texts}
        table = pa.table({**columns, "label": pa.array([0] * len(texts), pa.int32())})
        pq.write_table(table, folder / f"{split}.parquet")
    return folder
