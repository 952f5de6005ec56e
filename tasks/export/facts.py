"""What an export says about itself: export.json and test_vectors.json, by which other programs use and check it."""

from typing import Final, Literal

from pydantic import Field

from tasks.objective.facts import Rule
from tasks.store.facts import Document, Facts

EXPORT_FILE: Final = "export.json"
VECTORS_FILE: Final = "test_vectors.json"

FormatName = Literal["onnx", "saved-model", "litert"]


class InputFacts(Facts):
    """An input of the exported model: token ids of shape (num_texts, length).

    `length` is None for a model that reads whole texts; then the texts of a batch are padded to the longest, which has
    one token at least. `pad_id` fills up shorter texts, on the side `padding`; `unknown_id` is an unknown token's.
    """

    name: str
    dtype: Literal["int32", "int64"]
    tokenizer: str
    length: int | None
    padding: Literal["left", "right"]
    pad_id: int
    unknown_id: int


class ParityFacts(Facts):
    """How the answers compare with those of the model itself, from texts to calibrated probabilities.

    `texts` says what they were compared on. Labels differ if they do so beyond ties: where the deciding probability is
    further than `bound` from another decision.
    """

    texts: str
    num_texts: int
    num_other_labels: int
    max_difference: float
    bound: float


class CostFacts(Facts):
    """Texts per second, from text to probabilities, one at a time and in batches, and the bytes of the files."""

    single_per_second: float
    batch_per_second: float
    num_bytes: int


class ExportFile(Document):
    """The content of export.json.

    `model` is the file or folder of the model. Its output `output` are uncalibrated probabilities of shape (num_texts,
    num_classes), in the order of `label_names`. Their logarithms, of at least `smallest`, divided by the temperature
    and put through a softmax, are the calibrated ones. Of two classes, the second is the answer if its calibrated
    probability reaches the threshold; of more, the likeliest, or the best by the rule if there is one (see `Rule`).
    """

    model_id: str
    dataset: str
    format: FormatName
    quantized: Literal["int8"] | None
    model: str
    inputs: tuple[InputFacts, ...] = Field(min_length=1)
    output: str
    label_names: tuple[str, ...]
    temperature: float
    threshold: float
    rule: Rule | None
    smallest: float
    parity: ParityFacts
    own_cost: CostFacts
    cost: CostFacts
    versions: dict[str, str]


class Vector(Facts):
    """A text, its token ids for each input, and the answer: calibrated probabilities in the order of the labels."""

    text: str
    tokens: dict[str, tuple[int, ...]]
    probabilities: tuple[float, ...]
    label: str


class VectorsFile(Document):
    """The content of test_vectors.json."""

    vectors: tuple[Vector, ...]
