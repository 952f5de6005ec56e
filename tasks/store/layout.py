"""The names of all folders and files that more than one room knows."""

from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).resolve().parents[2]
DATA: Final = CHECKOUT / "data"
ARTIFACTS: Final = CHECKOUT / "artifacts"

SPLITS: Final[tuple[str, ...]] = ("train", "validation", "test")
# A folder of reviews or of an encoding has one for each split.
SPLIT_FILES: Final = {split: f"{split}.parquet" for split in SPLITS}
TRAIN_FILE: Final = SPLIT_FILES["train"]
VALIDATION_FILE: Final = SPLIT_FILES["validation"]
TEST_FILE: Final = SPLIT_FILES["test"]
# A column for each by which the reviews are sliced, in the order of the test split; only if there are any.
SLICES_FILE: Final = "test_slices.parquet"
# Texts without labels, and their sequences.
UNLABELLED_FILE: Final = "unlabelled.parquet"
# What a teacher says of them.
ANSWERS_FILE: Final = "answers.parquet"
# What a model says of the test split, or of a further test set.
PREDICTIONS_FILE: Final = "predictions.parquet"
# Word vectors of the words that an encoding knows.
VECTORS_FILE: Final = "vectors.parquet"
# The weights of a pretrained encoder, and the vectors that a frozen one gives texts.
WEIGHTS_FILE: Final = "weights.npz"
TEXT_VECTOR_FILES: Final = {split: f"{split}.npy" for split in SPLITS[:2]}
# Embeddings of regions: weights of shape (vocab_size, units) and bias of shape (units,).
REGIONS_FILE: Final = "regions.npz"
# The reviews of a further test set.
CHALLENGE_FILE: Final = "reviews.parquet"

# Under the data folder.
REVIEWS: Final = "reviews"
ENCODINGS: Final = "encodings"
UNLABELLED: Final = "unlabelled"
VECTORS: Final = "vectors"
ENCODERS: Final = "encoders"
TEXT_VECTORS: Final = "text-vectors"
REGIONS: Final = "regions"
# Under both.
CHALLENGES: Final = "challenges"
RUNTIME: Final = "runtime"

# Under the artifacts folder.
MODELS: Final = "models"
LESSONS: Final = "lessons"
CHAMPION: Final = "champion"
COMPARISONS: Final = "comparisons"
DRIFT: Final = "drift"
MEASUREMENTS: Final = "measurements"
GROWTHS: Final = "growths"
DEVICES: Final = "devices"
EVENTS: Final = "tensorboard"
RUNS: Final = "runs"
PROBE_RUNS: Final = "probe"
CURVES: Final = "curves"
TUNING: Final = "tuning"
AUDITS: Final = "audits"
LABEL_ERRORS: Final = "label-errors"
# In the folder of a run that has tuned models.
TUNED: Final = "tuned.toml"
# The link to the newest run, in a folder of runs.
LATEST: Final = "latest"
