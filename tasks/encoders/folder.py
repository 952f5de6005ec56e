"""The folder of an encoder, as `transformers` and `sentence-transformers` save it: what is in it, and what it lacks."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from tasks.encoders.architectures import ACTIVATIONS, ARCHITECTURES, USUAL, Architecture
from tasks.encoders.facts import Pooling
from tasks.errors import UserError
from tasks.ingest.files.fetching import fetch_path
from tasks.ingest.files.paths import check_path

FLAG: Final = "--encoder"
PACKAGE: Final = "safetensors"
INSTALL: Final = 'pip install -e ".[pretrained]"'
CONFIG: Final = "config.json"
WEIGHTS: Final = "model.safetensors"
TOKENIZER: Final = "tokenizer.json"
NEEDED: Final = (CONFIG, WEIGHTS, TOKENIZER)
MODULES: Final = "modules.json"
ANOTHER: Final = f"Choose another with {FLAG}."
EXPECTED: Final = f"expected a folder with {', '.join(NEEDED[:-1])} and {NEEDED[-1]}, as sentence-transformers saves it"
# Files of weights that hold code, or are one of several.
OTHER_WEIGHTS: Final = ("pytorch_model.bin", "tf_model.h5", "flax_model.msgpack", "model.safetensors.index.json")
SIZES: Final = ("dim", "num_layers", "num_heads", "inner_dim")
POOLINGS: Final[Mapping[str, Pooling]] = {
    "pooling_mode_cls_token": "first",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_max_tokens": "max",
}


@dataclass(frozen=True)
class EncoderFolder:
    """Where the files of an encoder are, the content of config.json, and how it pools; `pooling_file` may be None."""

    name: str
    root: Path
    config: Mapping[str, Any]
    pooling: Pooling
    pooling_file: Path | None

    @property
    def architecture(self) -> Architecture:
        """The row of its architecture."""
        return ARCHITECTURES[self.config["model_type"]]

    @property
    def files(self) -> dict[str, Path]:
        """The files that decide it, by name."""
        found = {name: self.root / name for name in NEEDED}
        return {**found, "pooling": self.pooling_file} if self.pooling_file else found

    def read(self, field: str) -> Any:
        """Read what config.json says of a part; raises UserError if it does not."""
        key = self.architecture.keys[field]
        value = self.config.get(key, USUAL.get(field))
        if value is None:
            raise UserError(f"{self.name}/{CONFIG} has no {key!r}; expected it in an encoder's. {ANOTHER}")
        if field in SIZES and not (type(value) is int and value > 0):
            raise UserError(f"{self.name}/{CONFIG}: {key} is {value!r}; expected a whole number from 1. {ANOTHER}")
        return value


def open_folder(path: Path) -> EncoderFolder:
    """Look at a folder; raises UserError for one that is no encoder's, or that of one which is not supported."""
    check_safetensors()
    fetch_path(path, FLAG)
    check_path(path, FLAG)
    if not path.is_dir():
        raise UserError(f"{FLAG} {str(path)!r} is a file; {EXPECTED}. Name the folder that it is in.")
    modules = read_modules(path)
    root = path / next((it["path"] for it in modules if is_kind(it, "Transformer")), "")
    check_files(path, root)
    config = read_json(root / CONFIG)
    check_config(config, path.name)
    pooling_file = next((path / it["path"] / CONFIG for it in modules if is_kind(it, "Pooling")), None)
    pooling = read_pooling(pooling_file) if pooling_file else "mean"
    return EncoderFolder(path.name, root, config, pooling, pooling_file)


def check_safetensors() -> None:
    """Raise UserError if the library that reads weights is not installed."""
    if find_spec(PACKAGE) is None:
        raise UserError(f"{FLAG} needs the package {PACKAGE}; expected it. Install it: {INSTALL}")


def read_modules(path: Path) -> list[dict[str, str]]:
    """Read which steps sentence-transformers takes, each with the folder of its files; none without its file."""
    if not (path / MODULES).exists():
        return []
    content = read_json(path / MODULES)
    if not isinstance(content, list) or not all(
        isinstance(it, dict) and isinstance(it.get("path"), str) and isinstance(it.get("type"), str) for it in content
    ):
        raise UserError(
            f"{path.name}/{MODULES} does not list modules with a path and a type each; {EXPECTED}. {ANOTHER}"
        )
    return content


def is_kind(module: Mapping[str, str], name: str) -> bool:
    """Tell whether a module is of the class of this name, in whatever package."""
    return module["type"].rpartition(".")[2] == name


def check_files(path: Path, root: Path) -> None:
    """Raise UserError, which says what is missing, unless an encoder's files are all there."""
    missing = [name for name in NEEDED if not (root / name).is_file()]
    if not missing:
        return
    lacks = f"{FLAG} {str(path)!r} has no {' and no '.join(missing)}"
    others = [name for name in OTHER_WEIGHTS if (root / name).is_file()]
    if WEIGHTS in missing and others:
        raise UserError(
            f"{lacks}, but {others[0]}, which is not read; expected the weights in one file of the format safetensors. "
            f"Save the encoder again with model.save_pretrained({path.name!r}, max_shard_size='100GB') of transformers."
        )
    if missing == [TOKENIZER] and (root / "vocab.txt").is_file():
        raise UserError(
            f"{lacks}, but vocab.txt; expected the tokenizer as a file of the tokenizers library. Make it with "
            f"AutoTokenizer.from_pretrained({path.name!r}).save_pretrained({path.name!r}) of transformers."
        )
    raise UserError(f"{lacks}; {EXPECTED}. {ANOTHER}")


def read_json(path: Path) -> Any:
    """Read a file of JSON; raises UserError for a damaged one."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(
            f"{path.parent.name}/{path.name} cannot be read ({type(error).__name__}); expected JSON. If it was cut off "
            f"on its way, fetch it again; otherwise choose another folder with {FLAG}."
        ) from error


def check_config(config: Any, name: str) -> None:
    """Raise UserError unless the architecture is one of the table, and nothing in it is unlike BERT."""
    kind = config.get("model_type") if isinstance(config, dict) else None
    if kind is None:
        preset = " It is a preset of KerasHub: backbone.export_to_transformers(folder) saves it so."
        is_preset = isinstance(config, dict) and "registered_name" in config
        raise UserError(
            f"{name}/{CONFIG} names no model_type; expected that of an encoder as transformers saves it, one of "
            f"{', '.join(ARCHITECTURES)}.{preset if is_preset else f' {ANOTHER}'}"
        )
    if kind not in ARCHITECTURES:
        raise UserError(
            f"{name} is of the architecture {kind!r}, which is not supported; expected one of "
            f"{', '.join(ARCHITECTURES)}. {ANOTHER}"
        )
    if (places := config.get("position_embedding_type", "absolute")) != "absolute":
        raise UserError(f"{name} has positions of the kind {places!r}; expected absolute ones. {ANOTHER}")
    activation = config.get(ARCHITECTURES[kind].keys["activation"], "gelu")
    if activation not in ACTIVATIONS:
        raise UserError(
            f"{name} has the activation {activation!r}; expected one of {', '.join(ACTIVATIONS)}. {ANOTHER}"
        )


def read_pooling(path: Path) -> Pooling:
    """Read how the vectors of the tokens become one; raises UserError for a way that is not supported."""
    content = read_json(path)
    wanted = [key for key, value in content.items() if key.startswith("pooling_mode") and value]
    if len(wanted) != 1 or wanted[0] not in POOLINGS:
        raise UserError(
            f"{path.parent.name}/{path.name} asks for {' and '.join(wanted) or 'no pooling'}; expected one of "
            f"{', '.join(POOLINGS)}. {ANOTHER}"
        )
    return POOLINGS[wanted[0]]
