"""ModelSettings: which models a run trains on its reviews."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self, get_args

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_settings import CliToggleFlag

from tasks.baseline.baselines import BASELINES, Baseline
from tasks.baseline.own import derive_baseline
from tasks.compare.results import CONSTANT
from tasks.encode.choice import Wanted
from tasks.encode.encodings import ENCODINGS, OF_WORDS, Encoding, adapt_encoding
from tasks.encode.facts import EncodingChoice
from tasks.encoders.folder import NEEDED
from tasks.evaluate.ensemble_facts import STACK
from tasks.ingest.datasets import AUTO
from tasks.settings.base import Names, OptionalPath
from tasks.settings.data import DataSettings
from tasks.settings.model_names import (
    BASELINE_CHOICES,
    FOR_OWN_DATA,
    check_names,
    describe_tables,
    expand_baselines,
    expand_variants,
    list_variant_choices,
)
from tasks.settings.own_models import OwnBaselines, OwnVariants, describe_fields
from tasks.train.own import derive_variant, list_variants
from tasks.train.variants import OWN_GROUP, PRETRAINED_GROUP, WORDS, Source, Variant
from tasks.vectors.formats import describe_endings


def offer_variants(schema: dict[str, Any]) -> None:
    """Let the form in the UI offer every variant and group."""
    schema["items"] = {"type": "string", "enum": list(list_variant_choices())}


def list_all(own: OwnVariants) -> dict[str, Variant]:
    """List all variants that can be chosen, by name, those of one's own last."""
    return {**list_variants(), **{name: derive_variant(name, definition) for name, definition in own.items()}}


class ModelSettings(DataSettings):
    """The settings about the models, after those about the reviews."""

    headings: ClassVar = {
        **DataSettings.headings,
        "own_variants": "models of your own",
        "variants": "models",
        "seeds": "training",
    }
    tables: ClassVar = {"variants": "own_variants", "baselines": "own_baselines"}

    own_variants: OwnVariants = Field(default={})
    own_baselines: OwnBaselines = Field(default={})
    variants: Names = Field(
        default=(AUTO,),
        min_length=1,
        description="which models to train: names, groups, all, or auto (the ten of the course notebook for the IMDB "
        f"reviews and the sample, {' and '.join(FOR_OWN_DATA)} for other data; with --vectors or --encoder also the "
        f"group {PRETRAINED_GROUP}), separated by commas; those of your own, if there are any and this is left out",
        json_schema_extra=offer_variants,
    )
    baselines: Names = Field(
        default=("auto",),
        min_length=1,
        description="which classical models to compare them with: names, all, none, or auto (those on words, those on "
        "characters if the texts ask for them, and those of your own), separated by commas",
        json_schema_extra={"items": {"type": "string", "enum": list(BASELINE_CHOICES)}},
    )
    encoding: Wanted = Field(
        default="auto",
        description="how the neural models' text is encoded: words, unicode-words (words of any language, with "
        "punctuation and emoji), characters, subwords (byte pairs), unigram (subwords by a unigram model; "
        "needs the extra unigram), own (each variant's own), or auto: chosen by the training texts, but own for the "
        "IMDB reviews and the sample",
    )
    length: int | None = Field(
        default=None, ge=10, le=100_000, description="how many tokens of a review are read [the variant's own]"
    )
    vocab_size: int | None = Field(
        default=None, ge=300, le=1_000_000, description="how many tokens are known [the variant's own]"
    )
    vectors: OptionalPath = Field(
        default=None,
        description=f"a file of pretrained word vectors, with which the models of the group {PRETRAINED_GROUP} begin: "
        f"{describe_endings()} (GloVe, word2vec, fastText) [none]",
    )
    encoder: OptionalPath = Field(
        default=None,
        description="the folder of a pretrained encoder, such as one of sentence-transformers, with which models of "
        f"the group {PRETRAINED_GROUP} begin: {', '.join(NEEDED)}; needs the extra pretrained [none]",
    )
    stack: CliToggleFlag[bool] = Field(
        default=False,
        description=f"combine the models of each seed that complement each other into {STACK}, a model like any other",
    )
    seeds: int = Field(default=1, ge=1, le=100, description="number of seeds to train each variant with")

    @model_validator(mode="before")
    @classmethod
    def choose_own(cls, settings: Any) -> Any:
        """Train the variants of one's own, unless others are named."""
        own = settings.get("own_variants")
        return {"variants": tuple(own), **settings} if isinstance(own, Mapping) and own else settings

    @field_validator("own_baselines")
    @classmethod
    def check_own_names(cls, own: OwnBaselines, info: ValidationInfo) -> OwnBaselines:
        """Refuse a baseline that has the name of a variant."""
        if taken := sorted(own.keys() & info.data.get("own_variants", {}).keys()):
            raise ValueError(f"[baselines.{taken[0]}]: the name is that of a variant; expected another one.")
        return own

    @field_validator("variants")
    @classmethod
    def check_variants(cls, names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        """Refuse a name that is neither a variant nor a group, and the group of own variants if there are none."""
        if "own_variants" not in info.data:
            return names
        own = info.data["own_variants"]
        check_names(names, (*own, *list_variant_choices()), kind="variant")
        if not expand_variants(names, AUTO, list_all(own), sources=get_args(Source)):
            raise ValueError(
                f"the group {OWN_GROUP} is empty; expected a table [variants.NAME] in the file that --config names."
            )
        return names

    @field_validator("baselines")
    @classmethod
    def check_baselines(cls, names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        """Refuse a name that is not a baseline, and `none` together with other names."""
        if "none" in names and len(names) > 1:
            raise ValueError("none cannot be combined with other names; expected it alone.")
        if "own_baselines" not in info.data:
            return names
        return check_names(names, (*info.data["own_baselines"], *BASELINE_CHOICES), kind="baseline")

    @model_validator(mode="after")
    def check_unlabelled(self) -> Self:
        """Refuse texts without labels in a run where nobody uses them, or where nothing could teach its students."""
        if self.unlabelled_path is None:
            return self
        if not self.names_with_unlabelled:
            able, simple = (
                ", ".join(row.name for row in table.values() if row.uses_unlabelled)
                for table in (self.variant_table, self.baseline_table)
            )
            raise ValueError(
                "--unlabelled-path is for models that learn from texts without labels; expected one of "
                f"{able} in --variants, or {simple} in --baselines. Add one, or leave it out."
            )
        teachers = {*self.variant_names, *self.choose_baselines(None)} - {*self.student_names, CONSTANT}
        if self.student_names and not teachers:
            raise ValueError(
                "no model could teach the students what texts without labels are; expected other models in --variants "
                "or --baselines, such as nb-svm."
            )
        return self

    @model_validator(mode="after")
    def check_vectors(self) -> Self:
        """Refuse word vectors that no model begins with, models that lack them, and an encoding that has no words."""
        users = [row.name for row in self.chosen_variants if row.vectors]
        if self.vectors and not users:
            able = [row.name for row in self.variant_table.values() if row.vectors]
            raise ValueError(
                f"--vectors is for models that begin with word vectors; expected one of {', '.join(able)} in "
                "--variants. Add one, or leave it out."
            )
        if users and not self.vectors:
            raise ValueError(
                f"{', '.join(users)} in --variants: the word vectors begin as those of a file; expected "
                f"{describe_endings()}. Name it with --vectors, or choose others."
            )
        if users and self.encoding not in {*OF_WORDS, "own", AUTO}:
            raise ValueError(
                f"--encoding {self.encoding} has no words, which {', '.join(users)} must read; expected words, "
                "unicode-words, own or auto. Choose one of these, or other --variants."
            )
        return self

    @model_validator(mode="after")
    def check_encoder(self) -> Self:
        """Refuse an encoder that no model begins with, and models that lack one."""
        users = [row.name for row in self.chosen_variants if row.encoder]
        if self.encoder and not users:
            able = [row.name for row in self.variant_table.values() if row.encoder]
            raise ValueError(
                f"--encoder is for models that begin with an encoder; expected one of {', '.join(able)} in --variants. "
                "Add one, or leave it out."
            )
        if users and not self.encoder:
            raise ValueError(
                f"{', '.join(users)} in --variants: they begin with a pretrained encoder; expected the folder of one. "
                "Name it with --encoder, or choose others."
            )
        return self

    @property
    def sources(self) -> set[Source]:
        """Return what models may begin with that somebody else has trained."""
        found: dict[Source, Path | None] = {"vectors": self.vectors, "encoder": self.encoder}
        return {source for source, path in found.items() if path}

    @property
    def variant_names(self) -> list[str]:
        """Return the chosen variants, groups expanded, in the table's order."""
        return expand_variants(self.variants, self.dataset, self.variant_table, sources=self.sources)

    @property
    def chosen_variants(self) -> list[Variant]:
        """Return the chosen variants in the table's order."""
        return [self.variant_table[name] for name in self.variant_names]

    @property
    def variant_table(self) -> dict[str, Variant]:
        """Return all variants that can be chosen, by name, those of one's own last."""
        return list_all(self.own_variants)

    @property
    def baseline_table(self) -> dict[str, Baseline]:
        """Return all baselines that can be chosen, by name, those of one's own last."""
        return {**BASELINES, **{name: derive_baseline(name, own) for name, own in self.own_baselines.items()}}

    @property
    def student_names(self) -> list[str]:
        """Return the chosen variants that learn what other models say, in the table's order."""
        return [row.name for row in self.chosen_variants if row.is_student]

    @property
    def names_with_unlabelled(self) -> list[str]:
        """Return the chosen models that learn from texts without labels: baselines, then variants."""
        baselines = [self.baseline_table[name] for name in self.choose_baselines(None)]
        return [
            *(row.name for row in baselines if row.uses_unlabelled),
            *(row.name for row in self.chosen_variants if row.uses_unlabelled),
        ]

    def choose_baselines(self, choice: EncodingChoice | None) -> list[str]:
        """List the chosen baselines in the table's order; without a choice of encoding, `auto` means those on words."""
        on_characters = choice is not None and choice.on_characters
        return expand_baselines(self.baselines, own=self.own_baselines, on_characters=on_characters)

    def choose_encoding(self, variant: Variant, choice: EncodingChoice | None) -> Encoding:
        """Return the encoding that a variant reads; what `auto` chose is for variants that read words.

        One that begins with the vectors of words reads words, and one that begins with an encoder its tokens.
        """
        own = variant.own_encoding
        if variant.encoder:
            return adapt_encoding(own, length=self.length)
        is_for_auto = own.kind == "words" and not variant.keeps_kind
        kind = choice.kind if choice and (is_for_auto or choice.wanted != AUTO) else None
        if variant.vectors and kind not in OF_WORDS:
            kind = None
        return adapt_encoding(own, kind=kind, length=self.length, vocab_size=self.vocab_size)

    @property
    def known_words(self) -> int:
        """Return the size of the vocabulary by which unknown words are counted."""
        return self.vocab_size or ENCODINGS[WORDS].vocab_size

    @property
    def seed_values(self) -> range:
        """Return the seeds: 1, 2, ..."""
        return range(1, self.seeds + 1)

    @classmethod
    def describe_choices(cls) -> str:
        """List what --variants and --baselines may name, and the fields of models of one's own."""
        return f"{describe_tables()}\n{describe_fields()}"
