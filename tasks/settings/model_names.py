"""The names by which a run chooses its models (variants, groups, baselines), and the tables that explain them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from tasks.baseline.baselines import BASELINES
from tasks.encode.encodings import ENCODINGS
from tasks.errors import did_you_mean
from tasks.ingest.datasets import AUTO, is_familiar
from tasks.train.kernels.choice import find_library
from tasks.train.own import list_variants
from tasks.train.variants import GROUPS, PRETRAINED_GROUP, SEED_GROUP, VARIANTS, Source, Variant, expand_names

# The fastest and the best of the networks on most of the sets in tests/benchmarks/README.md.
FOR_OWN_DATA: Final = ("conv-max", "onehot-conv")
BASELINE_CHOICES: Final = (*BASELINES, "auto", "all", "none")
ALL: Final = "all"


def list_variant_choices() -> tuple[str, ...]:
    """List what --variants may name besides the variants that a run defines itself."""
    return (AUTO, *list_variants(), *GROUPS, ALL)


def expand_variants(
    names: Sequence[str],
    dataset: str,
    table: Mapping[str, Variant],
    *,
    sources: Collection[Source],
    is_limited: bool = False,
) -> list[str]:
    """List the variants that the names stand for with a dataset, in the table's order.

    Those that begin with something else than the given `sources` are left out unless they are named; the group
    pretrained names all of its variants if there are no sources.
    """
    chosen = choose_variants(names, dataset, sources=sources, is_limited=is_limited)
    named = set(names) - {ALL, AUTO, *([PRETRAINED_GROUP] if sources else [])}
    return [
        name
        for name in expand_names(chosen, table)
        if table[name].begins_with in {None, *sources} or {name, table[name].group} & named
    ]


def choose_variants(
    names: Sequence[str], dataset: str, *, sources: Collection[Source], is_limited: bool = False
) -> Sequence[str]:
    """Replace `auto` by what it stands for with a dataset: the seed group, or two for data that nobody here has seen.

    With word vectors or an encoder, those that begin with them are added. If the time of the run `is_limited`, it
    stands for the whole table but those that use texts without labels. Without the C library, variants that it alone
    computes in reasonable time are left out.
    """
    if AUTO not in names:
        return names
    others = [*(name for name in names if name != AUTO), *([PRETRAINED_GROUP] if sources else [])]
    if not is_limited and (dataset == AUTO or is_familiar(dataset)):
        return (*others, SEED_GROUP)
    wanted = [name for name, row in VARIANTS.items() if not row.uses_unlabelled] if is_limited else FOR_OWN_DATA
    return (*others, *(name for name in wanted if find_library() or not VARIANTS[name].needs_library))


def check_names(names: tuple[str, ...], choices: tuple[str, ...], *, kind: str) -> tuple[str, ...]:
    """Return the names if they are all among the choices; raises ValueError with a suggestion otherwise."""
    for name in names:
        if name not in choices:
            raise ValueError(
                f"unknown {kind} {name!r}; expected some of {', '.join(choices)}.{did_you_mean(name, choices)}"
            )
    return names


def expand_baselines(names: tuple[str, ...], *, own: Collection[str] = (), on_characters: bool = False) -> list[str]:
    """List the baselines that the names stand for, in the table's order, and those of one's own after them.

    `auto` stands for those on words, with `on_characters` for those on characters too, and for those of one's own; not
    for those that take longer, because they find latent dimensions.
    """
    quick = [row for row in BASELINES.values() if not row.num_dimensions]
    by_default = {*own, *(row.name for row in quick if row.unit == "words" or on_characters)}
    return [
        name for name in (*BASELINES, *own) if {name, "all"} & set(names) or ("auto" in names and name in by_default)
    ]


def describe_tables() -> str:
    """List variants, groups, baselines and encodings for --help, one per line."""
    sections = {
        "variants": {
            row.name: f"{row.description} ({describe_size(row)}, {row.own_encoding.name})"
            for row in list_variants().values()
        },
        "groups": {**GROUPS, "all": "every variant, those of the group pretrained only with --vectors or --encoder"},
        "baselines": {row.name: row.description for row in BASELINES.values()},
        "encodings": {row.name: row.description for row in ENCODINGS.values()},
    }
    return list_sections(sections)


def describe_size(row: Variant) -> str:
    """Say how many parameters a variant has: "166,477 parameters"; what somebody else has trained decides the sizes."""
    width = f" with vectors of {row.embedding_dim} numbers" if row.begins_with else ""
    return f"{row.num_params:,} parameters{width}"


def list_sections(sections: Mapping[str, Mapping[str, str]]) -> str:
    """Lay out names with their descriptions, one per line, under the titles of their sections."""
    width = max(len(name) for rows in sections.values() for name in rows)
    lines = []
    for title, rows in sections.items():
        lines += [f"{title}:", *(f"  {name:<{width}}  {text}" for name, text in rows.items()), ""]
    return "\n".join(lines)
