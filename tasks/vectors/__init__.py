"""Takes pretrained word vectors from a file, as far as the vocabulary of an encoding has their words."""
