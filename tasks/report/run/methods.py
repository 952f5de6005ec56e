"""How the numbers on the page came about, in sentences that stand beside them."""

from typing import Final

from tasks.compare.results import TARGET_ACCURACY

METHOD: Final = {
    "gate": (
        "The candidate replaces the champion when the lower bound of its accuracy less the champion's, a one-sided 95% "
        "bound of Tango's score test for pairs, lies above minus the margin, and no slice lies surely, corrected for "
        "their number, below minus its own margin. Both are in points, on the same test reviews."
    ),
    "pairs": (
        "Two models differ when both agree: an exact McNemar test on the same reviews, corrected for all pairs after "
        "Holm, for the models at hand; and a 95% bootstrap interval of the difference over reviews and seeds, for the "
        "recipe. Tie groups and the choice of what to ship go by the models at hand."
    ),
    "slices": "Truncated and unknown words are those of the encoding that most models of the run use.",
    "calibration": (
        "One number, the temperature, is fitted on validation and divides every score; it changes how sure a model "
        "claims to be, never which label is likelier. The threshold for two labels is the one nearest 0.5 whose "
        "accuracy on validation is within one standard error of the best."
    ),
    "selection": (
        f"If only the reviews that a model is most sure of are answered, for which share are {TARGET_ACCURACY:.0%} of "
        "the answers right?"
    ),
    "training": (
        "Loss from epoch to epoch; the circle marks the epoch whose weights are kept. Where validation rises while "
        "training falls, the model learns its training reviews by heart."
    ),
}
READING: Final = (
    "Accuracy is measured on the test split, which each model reads once, after every choice was made on validation.",
    "The 95% interval covers the choice of the test reviews and, with two seeds or more, of the seed.",
    (
        "NLL is the negative log-likelihood in nats, Brier the squared distance to the truth, ECE the expected "
        "calibration error over 15 bins; lower is better. All are after calibration."
    ),
    "Each neural model has the weights of its epoch with the lowest validation loss.",
    (
        "The model to ship is the one most accurate on validation; among those that the test cannot tell from it, the "
        "one that scores most reviews a second."
    ),
    "The same run again: python flows/train_all.py --config with the settings of config.json beside this page.",
)
