"""The tokenizer of an encoder with the ids that every encoding here has: 0 for padding, 1 for an unknown token.

Two tokens change places with those that have these ids, and so do the rows of the encoder's vectors of tokens; what the
encoder computes stays the same.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tokenizers import Tokenizer

from tasks.encode.padding import OOV_ID, PAD_ID
from tasks.encoders.folder import ANOTHER, FLAG
from tasks.errors import UserError

# What unknown tokens are called where the model of the tokenizer does not say.
UNKNOWN: Final = ("[UNK]", "<unk>")


def renumber(path: Path, *, pad_id: int, name: str) -> tuple[Tokenizer, list[int]]:
    """Load a tokenizer and renumber padding and unknown token; returns it with the old id of each new one.

    Raises UserError for a file that is no tokenizer, and for one without an unknown or another special token.
    """
    try:
        text = path.read_text(encoding="utf-8")
        tokenizer = Tokenizer.from_str(text)
    except Exception as error:
        reason = str(error).splitlines()[0][:100]
        raise UserError(
            f"{name}/{path.name} cannot be read ({reason}); expected a file of the tokenizers library. If it was cut "
            f"off on its way, fetch it again; otherwise choose another folder with {FLAG}."
        ) from error
    content = json.loads(text)
    size = max(tokenizer.get_vocab().values(), default=0) + 1
    unknown = find_unknown(content, tokenizer.get_vocab(), pad_id=pad_id)
    if unknown is None or max(pad_id, OOV_ID) >= size:
        raise UserError(f"{name}/{path.name} has no token for unknown ones; expected one, such as [UNK]. {ANOTHER}")
    old_ids = list(range(size))
    for new, old in ((PAD_ID, pad_id), (OOV_ID, unknown)):
        place = old_ids.index(old)
        old_ids[new], old_ids[place] = old_ids[place], old_ids[new]
    changed = {old: new for new, old in enumerate(old_ids) if old != new}
    return Tokenizer.from_str(json.dumps(renumber_content(content, changed))), old_ids


def find_unknown(content: Mapping[str, Any], vocabulary: Mapping[str, int], *, pad_id: int) -> int | None:
    """Find the id of the unknown token, or in a tokenizer of bytes that has none, of one that no text contains."""
    model = content["model"]
    if isinstance(model.get("unk_id"), int):
        return int(model["unk_id"])
    names = [model.get("unk_token"), *UNKNOWN]
    special = [it["content"] for it in content.get("added_tokens") or [] if it["special"] and it["id"] != pad_id]
    return next((vocabulary[name] for name in [*names, *special] if name in vocabulary), None)


def renumber_content(content: Mapping[str, Any], changed: Mapping[int, int]) -> dict[str, Any]:
    """Change ids wherever a file has some: in the vocabulary, the added tokens, and what is put around texts."""
    model = dict(content["model"])
    vocabulary = model["vocab"]
    if isinstance(vocabulary, list):
        # A unigram model: a token's id is its place.
        old_ids = {new: old for old, new in changed.items()}
        model["vocab"] = [vocabulary[old_ids.get(new, new)] for new in range(len(vocabulary))]
        model["unk_id"] = changed.get(model["unk_id"], model["unk_id"])
    else:
        model["vocab"] = {token: changed.get(index, index) for token, index in vocabulary.items()}
    added = [{**it, "id": changed.get(it["id"], it["id"])} for it in content.get("added_tokens") or []]
    around = renumber_around(content.get("post_processor"), changed)
    return {**content, "model": model, "added_tokens": added, "post_processor": around, "padding": None}


def renumber_around(processor: Any, changed: Mapping[int, int]) -> Any:
    """Change the ids of the tokens that are put around texts."""
    if processor is None:
        return None
    found = dict(processor)
    if "processors" in found:
        found["processors"] = [renumber_around(it, changed) for it in found["processors"]]
    if isinstance(found.get("special_tokens"), dict):
        found["special_tokens"] = {
            name: {**it, "ids": [changed.get(index, index) for index in it["ids"]]}
            for name, it in found["special_tokens"].items()
        }
    for key in ("sep", "cls"):
        if key in found:
            token, index = found[key]
            found[key] = [token, changed.get(index, index)]
    return found
