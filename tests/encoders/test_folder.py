"""A folder that is no encoder's, or that of one which is not supported, is refused in one line before anything slow."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors.numpy import load_file, save_file

from tasks.encoders import folder as room
from tasks.encoders.folder import open_folder
from tasks.encoders.weights import check_encoder
from tasks.errors import UserError
from tests.tiny_encoder import write_encoder_folder

Spoil = Callable[[Path], object]


def remove(*names: str) -> Spoil:
    return lambda folder: [(folder / name).unlink() for name in names]


def change(name: str, **values: Any) -> Spoil:
    def edit(folder: Path) -> None:
        content = json.loads((folder / name).read_text())
        content.update(values)
        (folder / name).write_text(json.dumps({key: it for key, it in content.items() if it is not None}))

    return edit


def cut(name: str, num_bytes: int) -> Spoil:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:num_bytes])


def drop_tensor(name: str) -> Spoil:
    def edit(folder: Path) -> None:
        tensors = load_file(folder / "model.safetensors")
        del tensors[name]
        save_file(tensors, folder / "model.safetensors")

    return edit


def shorten(folder: Path, num_tokens: int) -> None:
    tensors = load_file(folder / "model.safetensors")
    name = "embeddings.word_embeddings.weight"
    save_file({**tensors, name: tensors[name][:num_tokens]}, folder / "model.safetensors")


def add(name: str, content: str = "x") -> Spoil:
    return lambda folder: (folder / name).write_text(content)


def do(*steps: Spoil) -> Spoil:
    return lambda folder: [step(folder) for step in steps]


CASES: dict[str, tuple[Spoil, str]] = {
    "no such folder": (shutil.rmtree, "--encoder '.*tiny-bert': no such file; expected a file or a folder"),
    "no weights": (remove("model.safetensors"), "has no model.safetensors; expected a folder with config.json, "),
    "nothing": (
        remove("config.json", "model.safetensors", "tokenizer.json"),
        "has no config.json and no model.safetensors and no tokenizer.json; expected a folder with",
    ),
    "weights of PyTorch": (
        do(remove("model.safetensors"), add("pytorch_model.bin")),
        "has no model.safetensors, but pytorch_model.bin, which is not read; .* Save the encoder again with model.save",
    ),
    "words only": (
        do(remove("tokenizer.json"), add("vocab.txt")),
        "has no tokenizer.json, but vocab.txt; .* Make it with AutoTokenizer",
    ),
    "damaged config": (cut("config.json", 30), "tiny-bert/config.json cannot be read .*; expected JSON. If it was cut"),
    "no architecture": (
        change("config.json", model_type=None),
        "names no model_type; expected .* bert, .* Choose anot",
    ),
    "preset": (
        change("config.json", model_type=None, registered_name="keras_hub>BertBackbone"),
        "It is a preset of KerasHub: backbone.export_to_transformers",
    ),
    "unknown architecture": (
        change("config.json", model_type="mpnet"),
        "of the architecture 'mpnet', which is not supported; expected one of bert, distilbert, roberta, xlm-roberta, ",
    ),
    "other places": (change("config.json", position_embedding_type="relative_key"), "positions of the kind 'relative_"),
    "other activation": (change("config.json", hidden_act="silu"), "the activation 'silu'; expected one of gelu, "),
    "other pooling": (
        change("1_Pooling/config.json", pooling_mode_mean_tokens=False, pooling_mode_lasttoken=True),
        "1_Pooling/config.json asks for pooling_mode_lasttoken; expected one of pooling_mode_cls_token, ",
    ),
    "two poolings": (
        change("1_Pooling/config.json", pooling_mode_max_tokens=True),
        "asks for pooling_mode_mean_tokens and pooling_mode_max_tokens; expected one of ",
    ),
    "damaged modules": (add("modules.json", '{"a": 1}'), "tiny-bert/modules.json does not list modules with a path"),
    "damaged tokenizer": (cut("tokenizer.json", 900), "tiny-bert/tokenizer.json cannot be read .*; expected a file of"),
    "tokenizer of nothing": (
        add("tokenizer.json", '{"model": {"type": "WordLevel", "vocab": {"a": 0, "b": 1}, "unk_token": "c"}}'),
        "tokenizer.json has no token for unknown ones",
    ),
    "damaged weights": (
        cut("model.safetensors", 5_000),
        "tiny-bert/model.safetensors cannot be read .*; expected numb",
    ),
    "empty weights": (add("model.safetensors", ""), "model.safetensors cannot be read"),
    "missing weights": (
        drop_tensor("encoder.layer.1.output.dense.weight"),
        "tiny-bert/model.safetensors has no encoder.layer.1.output.dense.weight; expected it in an encoder of the arch",
    ),
    "more layers": (change("config.json", num_hidden_layers=3), "has no encoder.layer.2.attention.self.query.weight"),
    "other width": (
        change("config.json", intermediate_size=25),
        r"encoder.layer.0.intermediate.dense.weight has the shape \[24, 16\]; expected \[25, 16\] by config.json",
    ),
    "heads": (
        change("config.json", num_attention_heads=3),
        "has 3 heads for vectors of 16 numbers; expected a divisor",
    ),
    "no heads": (change("config.json", num_attention_heads="four"), "num_attention_heads is 'four'; expected a whole "),
    "fewer vectors than tokens": (
        do(change("config.json", vocab_size=20), lambda folder: shorten(folder, 20)),
        "has 20 vectors for the 50 tokens of tokenizer.json; expected one for each",
    ),
    "no width": (change("config.json", hidden_size=None), "config.json has no 'hidden_size'; expected it in an encode"),
}


@pytest.mark.parametrize("name", CASES)
def test_folder_that_cannot_be_used_is_refused(name: str, encoder_folder: Path) -> None:
    spoil, message = CASES[name]
    check_encoder(encoder_folder)
    spoil(encoder_folder)
    with pytest.raises(UserError, match=message) as caught:
        check_encoder(encoder_folder)
    assert "\n" not in str(caught.value)


def test_file_is_refused(encoder_folder: Path) -> None:
    with pytest.raises(
        UserError, match=r"config.json' is a file; expected a folder with .* Name the folder that it is"
    ):
        open_folder(encoder_folder / "config.json")


def test_missing_library_is_told_with_the_command_that_installs_it(
    encoder_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "find_spec", lambda _: None)
    with pytest.raises(UserError, match=r'needs the package safetensors; .* pip install -e "\.\[pretrained\]"$'):
        open_folder(encoder_folder)
    extras = (Path(room.__file__).parents[2] / "pyproject.toml").read_text()
    assert 'pretrained = ["safetensors' in extras


def test_folder_of_transformers_alone_is_pooled_by_the_mean(encoder_folder: Path) -> None:
    shutil.rmtree(encoder_folder / "1_Pooling")
    (encoder_folder / "modules.json").unlink()
    assert open_folder(encoder_folder).pooling == "mean"


def test_transformer_may_be_in_a_folder_of_its_own(tmp_path: Path) -> None:
    folder = write_encoder_folder(tmp_path / "tiny")
    (folder / "0_Transformer").mkdir()
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (folder / name).rename(folder / "0_Transformer" / name)
    modules = json.loads((folder / "modules.json").read_text())
    modules[0]["path"] = "0_Transformer"
    (folder / "modules.json").write_text(json.dumps(modules))
    check_encoder(folder)
    assert open_folder(folder).name == "tiny"
