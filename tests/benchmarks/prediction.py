"""Time the prediction of each seed variant against plain `model.predict` at its default batch size, in turns."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from side_by_side import Comparison, compare, show

from tasks.encode.encodings import ENCODINGS
from tasks.train.backend import release_memory, speed_up_prediction
from tasks.train.build import build_model
from tasks.train.kernels.choice import Kernels
from tasks.train.predict import predict_probabilities
from tasks.train.variants import VARIANTS


def measure(name: str, *, num_reviews: int, num_rounds: int, kernels: Sequence[Kernels]) -> list[Comparison]:
    variant = VARIANTS[name]
    encoding = ENCODINGS[variant.encoding]
    shape = (num_reviews, encoding.length)
    tokens = np.random.default_rng(0).integers(0, encoding.vocab_size, size=shape, dtype=np.int32)
    plain, *fast = (build_model(variant, encoding, num_classes=2, learning_rate=1e-3) for _ in range(1 + len(kernels)))
    models = dict(zip(kernels, fast, strict=True))
    for it, model in models.items():
        speed_up_prediction(model, kernels=it)
    found = compare(
        name,
        lambda: plain.predict(tokens, verbose=0),
        {it: partial(predict_probabilities, model, tokens) for it, model in models.items()},
        num_rounds=num_rounds,
    )
    release_memory()
    return found


if __name__ == "__main__":
    show(measure, kernels=["auto"], description=__doc__)
