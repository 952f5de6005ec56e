"""How the numbers on the page were obtained, in sentences that are shown beside them."""

from typing import Final

from tasks.compare.recommendation import CLEARLY_FASTER
from tasks.compare.results import TARGET_ACCURACY
from tasks.evaluate.occlusion import HONESTY

METHOD: Final = {
    "gate": (
        "The candidate replaces the champion if two conditions hold. Over all test reviews, the lower bound of its "
        "accuracy minus the champion's (one-sided, 95%, Tango's score test for paired answers) is above minus the "
        "margin. On every slice, the upper bound, corrected for the number of slices, is at least minus the margin for "
        "slices."
    ),
    "pairs": (
        "Two models differ significantly if two conditions hold. An exact McNemar test of the models at hand on the "
        "same reviews, with Holm's correction over all pairs, rejects at 5%. The 95% bootstrap interval of the "
        "difference over reviews and seeds, which is about the recipes, excludes zero. Tie groups and the choice of "
        "the model to ship use only the first condition."
    ),
    "slices": (
        "Truncation and unknown words are those of the encoding that most models of the run use. The p-values test "
        "whether the model is right less often in a slice than on the other reviews (Fisher's exact test), corrected "
        "for the number of slices (Holm)."
    ),
    "labels": (
        "Precision is the share of right ones among the answers that name a label, recall the share of the label's "
        "reviews that are given it. PR-AUC is the area under the curve of precision against recall at all thresholds, "
        "so it does not depend on how answers are decided; a model that knows nothing has the label's share. Intervals "
        "are Wilson's, for PR-AUC as of a share of the label's reviews (Boyd et al. 2013)."
    ),
    "calibration": (
        "One number, the temperature, is fitted on validation and divides all log-probabilities; it changes how "
        "confident a model is, but never which label is the most likely. With two labels, the threshold is the one "
        "nearest 0.5 whose validation accuracy is within one standard error of the best."
    ),
    "selection": (
        "A model may answer only the reviews about which it is most confident, and leave the others to a person. Which "
        f"share of reviews can it answer with {TARGET_ACCURACY:.0%} accuracy?"
    ),
    "words": f"Beside each answer are the words that it depends on most. {HONESTY}",
    "training": (
        "Loss from epoch to epoch; the circle marks the epoch whose weights are kept. Where validation loss rises "
        "while training loss falls, the model overfits: it memorises its training reviews."
    ),
    "challenges": (
        "The models are those of the leaderboard, with the same thresholds. A drop is the accuracy on test minus that "
        "on the further set; its interval treats the two sets as independent samples. Texts that are also in the "
        "training or the validation split were left out. These sets play no part in choosing a model, nor at the gate."
    ),
    "tuning": (
        "The first trials are random, and the next ones are proposed by a tree-structured Parzen estimator. A training "
        "that is worse than half of the others after a quarter, a half, ... of the epochs is pruned, unless its loss "
        "falls so fast that it might still become the best. The importance of a setting is its "
        "share in the variance of what decides over the trials that were not pruned (fANOVA). No trial reads the test "
        "split; it is read once for each chosen model. The model to ship is chosen on validation too, where tuned "
        "models look better than they are. The file tuned.toml beside this page has the chosen settings."
    ),
    "claims": (
        "This project grew out of a course notebook that trains ten such models on the IMDB film reviews and comments "
        "on the results. Its claims are compared with what this run measured."
    ),
}
READING: Final = (
    "Accuracy is measured once on the test split; the epoch, temperature and threshold were chosen on validation.",
    "The 95% interval covers the choice of the test reviews and, with two or more seeds, the choice of the seeds.",
    (
        "NLL is the negative log-likelihood in nats, Brier the squared distance of the probabilities to the truth, and "
        "ECE the expected calibration error over 15 bins; lower is better. All are measured after calibration."
    ),
    (
        "Each neural model has the weights of its epoch with the lowest validation loss, or with the best value of "
        "another metric that decides (--metric). Then pairs of models are told apart by randomisation tests of that "
        "metric, and thresholds are chosen on validation for it."
    ),
    (
        "Seconds to train are those of a training beside others, if several ran at a time (jobs in leaderboard.json). "
        "Seconds to predict are measured one model at a time."
    ),
    (
        "The model to ship is the one that is most accurate on validation among those that beat chance. A model that "
        f"scores at least {CLEARLY_FASTER:g} times as many reviews per second replaces it if it is within one standard "
        "error on validation and does not differ significantly on test."
    ),
    (
        "A model beats chance if it is right more often than the constant answer, which is the commonest label in "
        "training (exact McNemar test), or if its macro-F1 is higher than that of its own predictions in random order "
        "(permutation test). Holm's correction covers both tests of all models."
    ),
    (
        "To repeat this run, put the settings in config.json beside this page into a TOML file and start "
        "python flows/train_all.py --config with the name of that file."
    ),
)
