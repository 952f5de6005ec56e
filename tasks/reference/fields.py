"""The part of the settings reference about models of one's own: their fields, and the sizes of layers."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tasks.baseline.own import OwnBaseline
from tasks.settings.own_models import gather_sizes
from tasks.train.own import OwnVariant

BOUNDS: Final = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "below {}",
}
OWN_MODELS: Final = """## Models of your own

A table in the file that `--config` names makes a variant from another one without code. Every field but `base` may be
left out, and then it is that of the base:

```toml
[variants.my-lstm]
base = "lstm"
units = 64
dropout = 0.3
encoding.length = 400

[baselines.my-svm]
base = "nb-svm"
inverse_penalty = 0.5
```

The variants that a file defines are trained unless `--variants` names others, and its baselines join those of `auto`.
To name more in the same file, write `names` into the table: `variants.names = "seed,my-lstm"`. Variants of your own
form the group `own`. `--own-variants` takes the same as JSON: `{"my-lstm": {"base": "lstm", "units": 64}}`. If the
texts of a run ask for another kind of encoding, a variant of your own follows them as its base does, unless it names an
encoding or a kind.

A variant with layers of its own is code. An installed package brings one by an entry point of the group
`sequence_bakeoff.variants`, whose name is that of the variant and which leads to a `Variant` of `tasks.train.variants`:

```toml
[project.entry-points."sequence_bakeoff.variants"]
last-word = "my_package.models:LAST_WORD"
```

Every command imports that module. It should import Keras inside the function, unless it has layers of its own: classes
with `keras.saving.register_keras_serializable`. The package must also be installed where its models score texts. A
change of the module that holds the function of its layers makes its models again.
"""


def render_own_models() -> Iterator[str]:
    """Render the section on models of one's own: their fields, and the sizes of layers."""
    yield OWN_MODELS
    for own, table in ((OwnVariant, "variants"), (OwnBaseline, "baselines")):
        properties = own.model_json_schema()["properties"]
        yield f"| field of `[{table}.NAME]` | meaning |"
        yield "|---|---|"
        for name, field in own.model_fields.items():
            yield f"| `{name}` | {escape(field.description or '')}{describe_bounds(properties[name])} |"
        yield ""
    yield "| sizes of layers, which are fields as well | of |"
    yield "|---|---|"
    for sizes, names in gather_sizes().items():
        yield f"| {sizes} | {', '.join(f'`{name}`' for name in names)} |"
    yield ""


def describe_bounds(schema: Mapping[str, Any]) -> str:
    """State the range of a number: {"minimum": 1, "maximum": 9} -> " (at least 1, at most 9)"."""
    kinds = [schema, *schema.get("anyOf", [])]
    found = [words.format(f"{kind[key]:,}") for key, words in BOUNDS.items() for kind in kinds if key in kind]
    return f" ({', '.join(found)})" if found else ""


def escape(text: str) -> str:
    """Escape angle brackets, so that Markdown does not treat names in them as tags."""
    return text.replace("<", "&lt;")
