"""What texts without labels add to a fine-tuned encoder, on one GPU, from prepared outputs of the main job.

An encoder is fine-tuned on the labelled reviews. Weighed together with the teacher of a run's students, which are other
models, it says what it thinks of the texts without labels. A student, which begins as the encoder began, learns from
that and from the labels. Needs what `encoders.py` needs. Prepare on any machine with two runs of the main job, and
gather what the machine with the GPU needs:

    python flows/train_all.py --dataset imdb_reviews --encoder FOLDER --variants encoder-frozen --length 512
    python flows/train_all.py --dataset imdb_reviews --variants onehot-conv,distilled --baselines nb-svm,tfidf-linear \
        --data-dir others/data --artifacts-dir others/artifacts
    python tests/benchmarks/encoder_student.py --prepare data --others others --to gathered

Then measure, on the machine with the GPU, and weigh the models together as `--stack` does, on the first one:

    KERAS_BACKEND=jax python tests/benchmarks/encoder_student.py --from gathered --out results
    python tests/benchmarks/encoder_student.py --weigh results --others others
"""

import argparse
import json
import time
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from encoders import Bench, Setup, judge, prepare, say
from scipy.special import expit, logit

LENGTH, RATE, EPOCHS, BATCH_SIZE = 512, 1e-4, 3, 32
SPLITS = ("validation", "test")
UNLABELLED = "unlabelled"
OTHERS, LOGITS = "others.npz", "logits.npz"
FILES = {"validation": "validation_predictions.parquet", "test": "predictions.parquet"}
# Probabilities closer to 0 and 1 say no more.
SMALLEST = 1e-6


def find_teacher(others: Path) -> tuple[Path, dict[str, tuple[float, Path]]]:
    """Find the answers of the first seed's teacher, and its members: their weights and folders by name."""
    lessons = min((others / "artifacts" / "lessons").iterdir(), key=lambda it: it.stat().st_mtime)
    decided_by = json.loads((lessons / "manifest.json").read_text())["decided_by"]
    members = {}
    for name, row in decided_by["teacher"].items():
        folders = (others / "artifacts" / "models" / name).iterdir()
        (found,) = (it for it in folders if all(hash_file(it / file) == old for file, old in row["files"].items()))
        members[name] = (row["weight"], found)
    return lessons / "answers.parquet", members


def hash_file(path: Path) -> str:
    """Return the hash of a file; empty if there is none."""
    return sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def gather(data: Path, others: Path, target: Path) -> None:
    """Gather what `encoders.py` needs, the texts without labels, and what the other models say."""
    import pyarrow.parquet as pq

    from tasks.encode.encodings import ENCODINGS
    from tasks.encode.sequences import write_more_sequences
    from tasks.encoders.facts import EncoderFacts
    from tasks.evaluate.predictions import read_predictions
    from tasks.train.sources import fit_encoding

    (texts,) = (others / "data" / "unlabelled").glob("*/unlabelled.parquet")
    (taken,) = (data / "encoders").iterdir()
    (encoded,) = (data / "encodings").glob("encoder-*")
    facts = EncoderFacts.model_validate(json.loads((taken / "manifest.json").read_text())["facts"])
    encoding = fit_encoding(replace(ENCODINGS["encoder-256"], length=LENGTH), facts)
    with TemporaryDirectory() as scratch:
        more = Path(scratch) / "unlabelled.parquet"
        write_more_sequences(texts, taken / "tokenizer.json", encoding, more)
        prepare(data, target, more={UNLABELLED: more})
    answers, members = find_teacher(others)
    found = {UNLABELLED: logit(pq.read_table(answers).column("p_pos").to_numpy())}
    for split, file in FILES.items():
        ids = pq.read_table(encoded / f"{split}.parquet", columns=["id"])
        if any(pq.read_table(it / file, columns=["id"]) != ids for _, it in members.values()):
            raise SystemExit(f"the models under {others} were evaluated on other {split} reviews; expected the same.")
        found[split] = sum(weight * logit(read_predictions(it / file)[0][:, 1]) for weight, it in members.values())
    np.savez(target / OTHERS, **{name: it.astype(np.float32) for name, it in found.items()})


def score(bench: Bench, model: Any, split: str, **more: Any) -> Any:
    """Return the logits of a split, and tell what they are worth."""
    probabilities, found = bench.score(model, split, LENGTH)
    if split != UNLABELLED:
        say(**more, **found)
    return logit(np.clip(probabilities, SMALLEST, 1 - SMALLEST)).astype(np.float32)


def teach(bench: Bench, others: dict[str, Any], kept: dict[str, Any]) -> Any:
    """Return what the encoder and the other models together think of the texts without labels."""
    from sklearn.linear_model import LogisticRegression

    seen = {name: np.stack([kept[f"encoder_{name}"], others[name]], axis=1) for name in (*SPLITS, UNLABELLED)}
    labels = {split: bench.read(split, LENGTH)[1] for split in SPLITS}
    fitted = LogisticRegression(C=1e3, fit_intercept=False).fit(seen["validation"], labels["validation"])
    accuracies = {split: float(fitted.score(seen[split], labels[split])) for split in SPLITS}
    say(who="teacher", weights=fitted.coef_[0].tolist(), **accuracies)
    return fitted.predict_proba(seen[UNLABELLED])[:, 1]


def train_student(bench: Bench, lessons: Any, seed: int, kept: dict[str, Any]) -> None:
    """Train a student; keeps the logits of its best epoch."""
    import keras

    from tasks.train.backend import make_epoch_runner
    from tasks.train.build import build_model
    from tasks.train.sources import fit_variant
    from tasks.train.variants import VARIANTS

    tokens = np.concatenate([bench.read("train", LENGTH)[0], bench.read(UNLABELLED, LENGTH)[0]])
    labels = np.concatenate([bench.read("train", LENGTH)[1], lessons]).astype(np.float32)
    keras.utils.set_random_seed(seed)
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    variant = fit_variant(VARIANTS["encoder-fine-tuned"], None, bench.encoder.facts)
    model = build_model(
        variant,
        bench.encode(LENGTH),
        num_classes=2,
        learning_rate=RATE,
        clip_norm=variant.clip_norm,
        encoder=bench.encoder,
        num_updates=EPOCHS * -(-len(labels) // BATCH_SIZE),
        soft_labels=True,
    )
    run_epoch = make_epoch_runner(model, batch_size=BATCH_SIZE)
    best, weights = np.inf, model.get_weights()
    for epoch in range(1, EPOCHS + 1):
        order = np.random.default_rng([seed, epoch, 7]).permutation(len(labels))
        started = time.perf_counter()
        run_epoch(tokens[order], labels[order], lambda _: None)
        seconds = time.perf_counter() - started
        logits = score(bench, model, "validation", who="student", epoch=epoch, train_seconds=seconds)
        labels_of = bench.read("validation", LENGTH)[1]
        loss = judge(np.stack([expit(-logits), expit(logits)], axis=1), labels_of, 0.0)["nll"]
        if loss < best:
            best, weights, kept["student_validation"] = loss, model.get_weights(), logits
    model.set_weights(weights)
    kept["student_test"] = score(bench, model, "test", who="student")


def measure(options: argparse.Namespace) -> None:
    """Fine-tune, teach, and train the student."""
    from tasks.train import predict
    from tasks.train.backend import prepare_device

    predict.BATCH_VALUES, predict.LENGTH_STEP = 2**31, LENGTH
    say(device=prepare_device())
    bench = Bench(argparse.Namespace(given=options.given, limit=None, batch_size=BATCH_SIZE, epochs=EPOCHS))
    with np.load(options.given / OTHERS) as found:
        others = dict(found)
    model, _ = bench.fine_tune(Setup(LENGTH, RATE, seed=options.seed))
    kept = {f"encoder_{it}": score(bench, model, it, who="encoder") for it in (*SPLITS, UNLABELLED)}
    del model
    lessons = teach(bench, others, kept)
    train_student(bench, lessons, options.seed, kept)
    options.out.mkdir(parents=True, exist_ok=True)
    np.savez(options.out / LOGITS, **kept)


def weigh(results: Path, others: Path) -> None:
    """Weigh the encoders together with the members of the teacher, as --stack does."""
    from scipy.special import softmax

    from tasks.evaluate.calibration import apply_temperature, fit_temperature
    from tasks.evaluate.predictions import read_predictions
    from tasks.stack.weights import add_up, fit_weights, gather_answers

    _, members = find_teacher(others)
    said: dict[str, dict[str, Any]] = {split: {} for split in SPLITS}
    labels: dict[str, Any] = {}
    for split, file in FILES.items():
        for name, (_, folder) in members.items():
            said[split][name], labels[split] = read_predictions(folder / file)
    with np.load(results / LOGITS) as kept:
        for name in ("encoder", "student"):
            raw = {it: np.stack([expit(sign * kept[f"{name}_{it}"]) for sign in (-1, 1)], axis=1) for it in SPLITS}
            temperature = fit_temperature(raw["validation"], labels["validation"])
            for split in SPLITS:
                said[split][name] = apply_temperature(raw[split], temperature)
    groups = [[name] for name in said["test"]]
    groups += [[first, "nb-svm"] for first in ("encoder", "student")]
    groups += [[first, *members] for first in ("encoder", "student")] + [["student", "encoder", *members]]
    for names in groups:
        weights = fit_weights(gather_answers([said["validation"][it] for it in names], labels["validation"]))
        found = {}
        for split in SPLITS:
            logs = gather_answers([said[split][it] for it in names], labels[split]).log_probabilities
            found[split] = judge(softmax(add_up(weights, logs), axis=1), labels[split], 0.0)
        say(models=dict(zip(names, weights.round(2).tolist(), strict=True)), **found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prepare", type=Path, metavar="DATA", help="the data folder of the run with the encoder")
    parser.add_argument("--others", type=Path, help="the folder of the run with the students")
    parser.add_argument("--to", type=Path, help="where to gather")
    parser.add_argument("--from", dest="given", type=Path, help="what was gathered")
    parser.add_argument("--out", type=Path, help="where the logits go")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--weigh", type=Path, metavar="RESULTS", help="the logits")
    options = parser.parse_args()
    if options.prepare:
        gather(options.prepare, options.others, options.to)
    elif options.weigh:
        weigh(options.weigh, options.others)
    else:
        measure(options)


if __name__ == "__main__":
    main()
