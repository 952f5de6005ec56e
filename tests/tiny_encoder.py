"""A pretrained encoder as `sentence-transformers` saves it, tiny and random, and what it computes, written in NumPy."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file
from scipy.special import erf, softmax
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from tasks.encoders.facts import Pretrained
from tasks.encoders.weights import write_encoder
from tasks.store.layout import WEIGHTS_FILE
from tasks.train.variants import Variant

WORDS = ("good", "bad", "dull", "warm", "film", "the", "a", "and", "is", "was", "act", "##ing", "##ed", "great", "grim")
# The usual places: padding comes first, the unknown token far behind.
SPECIAL = {"[PAD]": 0, "[UNK]": 10, "[CLS]": 11, "[SEP]": 12, "[MASK]": 13}
CONFIG = {
    "model_type": "bert",
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 24,
    "hidden_act": "gelu",
    "hidden_dropout_prob": 0.1,
    "attention_probs_dropout_prob": 0.1,
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": 40,
    "vocab_size": 50,
    "type_vocab_size": 2,
    "pad_token_id": 0,
}
MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
]
Tensors = dict[str, np.ndarray]
# Removed when the tests end.
ROOT = tempfile.TemporaryDirectory(prefix="encoders-")


def draw_weights(config: Mapping[str, Any] = CONFIG, seed: int = 1) -> Tensors:
    """Draw the weights of an encoder, with those of the pooler that nobody needs."""
    rng, dim, inner = np.random.default_rng(seed), config["hidden_size"], config["intermediate_size"]
    shapes = {
        "embeddings.word_embeddings": (config["vocab_size"], dim),
        "embeddings.position_embeddings": (config["max_position_embeddings"], dim),
        "embeddings.token_type_embeddings": (2, dim),
        "embeddings.LayerNorm": (dim,),
        "pooler.dense": (dim, dim),
    }
    for layer in range(config["num_hidden_layers"]):
        place = f"encoder.layer.{layer}"
        shapes |= {f"{place}.attention.self.{name}": (dim, dim) for name in ("query", "key", "value")}
        shapes |= {f"{place}.attention.output.dense": (dim, dim), f"{place}.attention.output.LayerNorm": (dim,)}
        shapes |= {f"{place}.intermediate.dense": (inner, dim), f"{place}.output.dense": (dim, inner)}
        shapes |= {f"{place}.output.LayerNorm": (dim,)}
    tensors = {}
    for name, shape in shapes.items():
        tensors[f"{name}.weight"] = rng.normal(1.0 if "Norm" in name else 0.0, 0.3, shape).astype(np.float32)
        if not name.endswith("embeddings"):
            tensors[f"{name}.bias"] = rng.normal(0, 0.3, shape[:1]).astype(np.float32)
    return tensors


def make_tokenizer() -> Tokenizer:
    """Make a tokenizer of BERT's kind with 50 tokens, which truncates and pads as it likes."""
    vocabulary = dict(SPECIAL)
    free = iter(index for index in range(50) if index not in SPECIAL.values())
    vocabulary |= {word: next(free) for word in WORDS}
    vocabulary |= {f"[unused{index}]": index for index in free}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens(list(SPECIAL))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", SPECIAL["[CLS]"]), ("[SEP]", SPECIAL["[SEP]"])]
    )
    tokenizer.enable_truncation(7)
    tokenizer.enable_padding(length=7)
    return tokenizer


def write_encoder_folder(
    folder: Path, *, weights: Tensors | None = None, pooling: str = "mean_tokens", **config: Any
) -> Path:
    """Write the folder of an encoder and return it; `config` changes config.json."""
    content = {**CONFIG, **config}
    (folder / "1_Pooling").mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({key: it for key, it in content.items() if it is not None}))
    (folder / "modules.json").write_text(json.dumps(MODULES))
    modes = {
        f"pooling_mode_{mode}": mode == pooling for mode in ("cls_token", "mean_tokens", "max_tokens", "lasttoken")
    }
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"word_embedding_dimension": 16, **modes}))
    save_file(weights if weights is not None else draw_weights(content), folder / "model.safetensors")
    make_tokenizer().save(str(folder / "tokenizer.json"))
    return folder


def read_texts(texts: Sequence[str], weights: Tensors, *, length: int, pooling: str = "mean_tokens") -> np.ndarray:
    """Compute the vectors of texts as the reference does, one text after the other and without padding."""
    tokenizer = make_tokenizer()
    tokenizer.no_padding()
    tokenizer.enable_truncation(length)
    return np.stack([read_ids(tokenizer.encode(text).ids, weights, pooling) for text in texts])


def read_ids(ids: Sequence[int], weights: Tensors, pooling: str, *, num_heads: int = 4) -> np.ndarray:
    def project(values: np.ndarray, name: str) -> np.ndarray:
        return values @ weights[f"{name}.weight"].T.astype(np.float64) + weights[f"{name}.bias"]

    def normalise(values: np.ndarray, name: str) -> np.ndarray:
        spread = np.sqrt(values.var(axis=-1, keepdims=True) + 1e-12)
        centred = (values - values.mean(axis=-1, keepdims=True)) / spread
        return centred * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    words = weights["embeddings.word_embeddings.weight"][ids].astype(np.float64)
    words = words + weights["embeddings.position_embeddings.weight"][: len(ids)]
    words = normalise(words + weights["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    layer = 0
    while f"encoder.layer.{layer}.output.dense.weight" in weights:
        place = f"encoder.layer.{layer}"
        queries, keys, values = (
            project(words, f"{place}.attention.self.{name}").reshape(len(ids), num_heads, -1).transpose(1, 0, 2)
            for name in ("query", "key", "value")
        )
        looked = softmax(queries @ keys.transpose(0, 2, 1) / np.sqrt(queries.shape[-1]), axis=-1) @ values
        looked = project(looked.transpose(1, 0, 2).reshape(len(ids), -1), f"{place}.attention.output.dense")
        words = normalise(words + looked, f"{place}.attention.output.LayerNorm")
        units = project(words, f"{place}.intermediate.dense")
        units = units * (1 + erf(units / np.sqrt(2))) / 2
        words = normalise(words + project(units, f"{place}.output.dense"), f"{place}.output.LayerNorm")
        layer += 1
    return {"mean_tokens": words.mean(axis=0), "cls_token": words[0], "max_tokens": words.max(axis=0)}[pooling]


@cache
def take(vocab_size: int = 50) -> Pretrained:
    """Take in a tiny encoder; its tokenizer.json, if it has the usual 50 tokens, is beside its weights."""
    root = Path(tempfile.mkdtemp(dir=ROOT.name))
    folder = write_encoder_folder(root / "tiny-bert", vocab_size=vocab_size)
    if vocab_size < len(make_tokenizer().get_vocab()):
        vocabulary = {"[PAD]": 0, "[UNK]": 1, **{f"word{index}": index for index in range(2, vocab_size)}}
        tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
        tokenizer.save(str(folder / "tokenizer.json"))
    return Pretrained(write_encoder(folder, root, sha256="0" * 64), root / WEIGHTS_FILE)


def take_for(variant: Variant, vocab_size: int = 50) -> Pretrained | None:
    """Take in a tiny encoder if the variant begins with one."""
    return take(vocab_size) if variant.encoder else None


def take_like_minilm(path: Path) -> Pretrained:
    """Take in an encoder of the sizes of MiniLM-L6, all of whose weights are zeros; they are written to `path`."""
    dim, inner = 384, 1_536
    block = {
        "attention_kernel": (dim, 3 * dim),
        "attention_bias": (3 * dim,),
        "attended_kernel": (dim, dim),
        "inner_kernel": (dim, inner),
        "inner_bias": (inner,),
        "outer_kernel": (inner, dim),
        **dict.fromkeys(("attended_bias", "attended_scale", "attended_shift"), (dim,)),
        **dict.fromkeys(("outer_bias", "outer_scale", "outer_shift"), (dim,)),
    }
    shapes = {"input/tokens": (30_522, dim), "input/places": (512, dim), "input/scale": (dim,), "input/shift": (dim,)}
    shapes |= {f"{number}/{name}": shape for number in range(6) for name, shape in block.items()}
    np.savez_compressed(path, **{name: np.zeros(shape, np.float16) for name, shape in shapes.items()})
    sizes = {"dim": dim, "num_layers": 6, "num_heads": 12, "inner_dim": inner, "vocab_size": 30_522, "most_tokens": 512}
    return Pretrained(take().facts.model_copy(update=sizes), path)
