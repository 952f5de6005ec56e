"""How much work a training is, compared with others."""

from collections.abc import Iterable
from typing import Final

from tasks.encoders.facts import EncoderFacts
from tasks.train.device import CPU, Device, find_remote_device
from tasks.train.identity import describe_computing
from tasks.train.kernels.choice import Kernels, find_library
from tasks.train.variants import Variant

# A frozen encoder reads each text once, and one that is fine-tuned several times, forwards and backwards.
PASSES: Final = 10


def estimate_effort(variant: Variant, encoder: EncoderFacts | None = None) -> int:
    """Estimate the multiplications for a text: each weight beside the word vectors is used at each position.

    The longest training is started first, so that no core waits for it in the end.
    """
    num_weights = variant.num_params - variant.num_word_weights
    if encoder and variant.encoder == "frozen":
        num_weights += (encoder.num_params - encoder.vocab_size * encoder.dim) // PASSES
    return num_weights * variant.own_encoding.length


def find_slowness(variants: Iterable[Variant], kernels: Kernels, device: Device = "auto") -> str | None:
    """Say which variants would take hours on a device of this machine, or fail, and what to do; None if there are none.

    Embeddings of regions are learned by the C library alone, wherever the model that reads them is trained.
    """
    computing = describe_computing(kernels, device, remote=find_remote_device())
    needing = [variant for variant in variants if variant.needs_library]
    failing = [variant.name for variant in needing if variant.regions and find_library() is None]
    slow = [variant.name for variant in needing if variant.name not in failing]
    if computing["kernels"] == "native" or computing["device"] != CPU:
        slow = []
    found = [
        f"{', '.join(names)}: without the package's C library, {consequence}. Install a C compiler and run pip install "
        "-e . again, or leave this out of --variants."
        for names, consequence in (
            (slow, "an epoch can take an hour"),
            (failing, "no embeddings of regions can be learned"),
        )
        if names
    ]
    return " ".join(found) or None
