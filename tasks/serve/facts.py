"""What the server is asked and what it answers, as its OpenAPI document describes it."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from tasks.evaluate.facts import EvaluationFacts
from tasks.evaluate.model_files import KindOfModel
from tasks.store.facts import Facts

Status = Literal["ok", "degraded", "overdue"]


class Question(Facts):
    """The body of a request for predictions: either one text or a list of them; null stands for a missing text."""

    text: str | None = None
    texts: list[str | None] | None = None


class Prediction(Facts):
    """What the model says of one text: the columns that `bakeoff predict` adds to a file.

    There is also a field `p_<label>` for each label, its calibrated probability. A text that cannot be scored has only
    `model_id` and `reason`; the other fields are null.
    """

    model_config = ConfigDict(extra="allow")

    predicted_label: str | None
    confidence: float | None
    uncertain: bool | None
    num_tokens: int | None
    truncated: bool | None
    oov_rate: float | None
    model_id: str
    reason: str | None


class Answer(Facts):
    """The predictions in the order of the texts, all by the same bundle, whose name among the champions is `bundle`."""

    model_id: str
    bundle: str
    predictions: list[Prediction]


class ModelDescription(Facts):
    """The model in use, how it decides, how good it was on the test split, and its card in Markdown.

    `length` is the number of tokens that it reads; null if it reads whole texts. `since` is when it was loaded.
    """

    model_id: str
    bundle: str
    since: str
    variant: str
    description: str
    kind: KindOfModel
    dataset: str
    label_names: tuple[str, ...]
    length: int | None
    temperature: float
    threshold: float
    min_confidence: float
    metrics: EvaluationFacts
    versions: dict[str, str]
    card: str | None


class Health(Facts):
    """Whether the server answers as it should; where a token is demanded, others are told only the status.

    It is degraded while the model in `artifacts/champion` is refused and the one before it is used; `refused` says why.
    It is overdue when the model has been busy with one batch for longer than a request may take.
    """

    status: Status
    model_id: Annotated[str | None, Field(exclude_if=lambda it: it is None)] = None
    bundle: Annotated[str | None, Field(exclude_if=lambda it: it is None)] = None
    since: Annotated[str | None, Field(exclude_if=lambda it: it is None)] = None
    refused: str | None = Field(default=None, exclude_if=lambda it: it is None)
    waiting_texts: int | None = Field(default=None, exclude_if=lambda it: it is None)


class Problem(Facts):
    """Why a request has no other answer, in one line."""

    error: str
