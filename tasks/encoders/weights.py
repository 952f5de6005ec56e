"""Write the weights of an encoder under the names that the layers of `tasks.train.encoder_layers` give them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tasks.encoders.architectures import ACTIVATIONS
from tasks.encoders.facts import EncoderFacts
from tasks.encoders.folder import ANOTHER, FLAG, TOKENIZER, WEIGHTS, EncoderFolder, open_folder
from tasks.encoders.tokenizer import renumber
from tasks.errors import UserError
from tasks.store.layout import WEIGHTS_FILE

# How TensorFlow called the scale and the shift of a normalisation, and older files still do.
OLD_NAMES: Final = {"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"}
TOKENS: Final = "embeddings.word_embeddings.weight"
PLACES: Final = "embeddings.position_embeddings.weight"
TYPES: Final = "embeddings.token_type_embeddings.weight"


class Tensors:
    """The tensors of an open file by the names of a bare encoder; `found` are the names in the file.

    With `only_shapes`, zeros take the place of the numbers, which are not read.
    """

    def __init__(self, file: Any, folder: EncoderFolder, *, only_shapes: bool) -> None:
        self.file = file
        self.folder = folder
        self.only_shapes = only_shapes
        self.found = set(file.keys())

    def find(self, name: str) -> str:
        """Return the name in the file; raises UserError when there is none."""
        names = [name, *(name.replace(new, old) for new, old in OLD_NAMES.items() if new in name)]
        prefixes = ("", self.folder.architecture.prefix)
        found = next((given for prefix in prefixes for it in names if (given := prefix + it) in self.found), None)
        if found is None:
            raise UserError(
                f"{self.folder.name}/{WEIGHTS} has no {name}; expected it in an encoder of the architecture "
                f"{self.folder.config['model_type']}. {ANOTHER}"
            )
        return found

    def read(self, name: str, *shape: int) -> NDArray[np.float32]:
        """Read a tensor in 32 bits; raises UserError unless it has the shape, in which -1 is any size."""
        own = self.file.get_slice(self.find(name)).get_shape()
        if len(own) != len(shape) or any(size not in (-1, found) for size, found in zip(shape, own, strict=True)):
            raise UserError(
                f"{self.folder.name}/{WEIGHTS}: {name} has the shape {list(own)}; expected {list(shape)} by "
                f"config.json, where -1 is any. {ANOTHER}"
            )
        if self.only_shapes:
            return np.broadcast_to(np.float32(0), own)
        found = np.asarray(self.file.get_tensor(self.find(name))).astype(np.float32)
        if not np.isfinite(found).all():
            raise UserError(f"{self.folder.name}/{WEIGHTS}: {name} has numbers that are not finite. {ANOTHER}")
        return found


def check_encoder(path: Path) -> None:
    """Raise UserError, within seconds, for a folder that cannot be used."""
    found = open_folder(path)
    _, old_ids = load_tokenizer(found)
    with open_tensors(found, only_shapes=True) as tensors:
        describe_encoder(found, read_arrays(found, tensors, old_ids), sha256="")


def write_encoder(path: Path, folder: Path, *, sha256: str) -> EncoderFacts:
    """Write weights.npz and tokenizer.json of the encoder in the folder `path` under `folder`.

    Raises UserError for a folder that cannot be used.
    """
    found = open_folder(path)
    tokenizer, old_ids = load_tokenizer(found)
    with open_tensors(found) as tensors:
        arrays = read_arrays(found, tensors, old_ids)
    np.savez(folder / WEIGHTS_FILE, allow_pickle=False, **arrays)
    tokenizer.save(str(folder / TOKENIZER), pretty=True)
    return describe_encoder(found, arrays, sha256=sha256)


def load_tokenizer(found: EncoderFolder) -> Any:
    """Load and renumber the tokenizer; see `renumber`."""
    pad_id = found.config.get("pad_token_id")
    pad_id = found.architecture.pad_id if pad_id is None else pad_id
    return renumber(found.root / TOKENIZER, pad_id=pad_id, name=found.name)


@contextmanager
def open_tensors(found: EncoderFolder, *, only_shapes: bool = False) -> Iterator[Tensors]:
    """Open the file of weights; raises UserError for a damaged one."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(found.root / WEIGHTS, framework="numpy") as file:
            yield Tensors(file, found, only_shapes=only_shapes)
    except (SafetensorError, OSError, TypeError) as error:
        raise UserError(
            f"{found.name}/{WEIGHTS} cannot be read ({str(error)[:100]}); expected numbers in the format safetensors. "
            f"If it was cut off on its way, fetch it again; otherwise choose another folder with {FLAG}."
        ) from error


def read_arrays(found: EncoderFolder, tensors: Tensors, old_ids: Sequence[int]) -> dict[str, NDArray[np.float32]]:
    """Read all weights: those of the input, whose tokens are renumbered, and those of each block.

    The vector of the first segment, which is added to that of every token, is a part of those of places.
    """
    dim, num_heads = found.read("dim"), found.read("num_heads")
    if dim % num_heads:
        raise UserError(
            f"{found.name} has {num_heads} heads for vectors of {dim} numbers; expected a divisor. {ANOTHER}"
        )
    tokens, places = tensors.read(TOKENS, -1, dim), tensors.read(PLACES, -1, dim)
    if len(tokens) < len(old_ids):
        raise UserError(
            f"{found.name} has {len(tokens):,} vectors for the {len(old_ids):,} tokens of {TOKENIZER}; expected one "
            f"for each. {ANOTHER}"
        )
    if found.architecture.has_types:
        places = places + tensors.read(TYPES, -1, dim)[0]
    arrays = {
        "input/tokens": tokens[old_ids],
        "input/places": places[found.architecture.first_place :],
        "input/scale": tensors.read("embeddings.LayerNorm.weight", dim),
        "input/shift": tensors.read("embeddings.LayerNorm.bias", dim),
    }
    for block in range(found.read("num_layers")):
        arrays |= {f"{block}/{name}": array for name, array in read_block(found, tensors, block).items()}
    return arrays


def read_block(found: EncoderFolder, tensors: Tensors, block: int) -> dict[str, NDArray[np.float32]]:
    """Read a block; a matrix of `transformers` has the outputs in rows, and here in columns."""
    parts = {name: part.format(block) for name, part in found.architecture.parts.items()}
    dim, inner = found.read("dim"), found.read("inner_dim")
    kernels = [tensors.read(f"{parts[name]}.weight", dim, dim).T for name in ("query", "key", "value")]
    biases = [tensors.read(f"{parts[name]}.bias", dim) for name in ("query", "key", "value")]
    return {
        "attention_kernel": np.concatenate(kernels, axis=1),
        "attention_bias": np.concatenate(biases),
        "attended_kernel": tensors.read(f"{parts['attended']}.weight", dim, dim).T,
        "attended_bias": tensors.read(f"{parts['attended']}.bias", dim),
        "attended_scale": tensors.read(f"{parts['attended_norm']}.weight", dim),
        "attended_shift": tensors.read(f"{parts['attended_norm']}.bias", dim),
        "inner_kernel": tensors.read(f"{parts['inner']}.weight", inner, dim).T,
        "inner_bias": tensors.read(f"{parts['inner']}.bias", inner),
        "outer_kernel": tensors.read(f"{parts['outer']}.weight", dim, inner).T,
        "outer_bias": tensors.read(f"{parts['outer']}.bias", dim),
        "outer_scale": tensors.read(f"{parts['outer_norm']}.weight", dim),
        "outer_shift": tensors.read(f"{parts['outer_norm']}.bias", dim),
    }


def describe_encoder(found: EncoderFolder, arrays: dict[str, NDArray[np.float32]], *, sha256: str) -> EncoderFacts:
    """Gather what an encoder is made of."""
    return EncoderFacts(
        name=found.name,
        sha256=sha256,
        architecture=found.config["model_type"],
        pooling=found.pooling,
        activation=ACTIVATIONS[found.read("activation")],
        vocab_size=len(arrays["input/tokens"]),
        most_tokens=len(arrays["input/places"]),
        dim=found.read("dim"),
        num_layers=found.read("num_layers"),
        num_heads=found.read("num_heads"),
        inner_dim=found.read("inner_dim"),
        epsilon=found.read("epsilon"),
        dropout=found.read("dropout"),
        attention_dropout=found.read("attention_dropout"),
        num_params=sum(array.size for array in arrays.values()),
    )
