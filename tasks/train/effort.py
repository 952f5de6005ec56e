"""How much work a training is, compared with others."""

from collections.abc import Iterable
from typing import Final

from tasks.encoders.facts import EncoderFacts
from tasks.train.device import CPU, Device, find_remote_device
from tasks.train.identity import describe_computing
from tasks.train.kernels.choice import Kernels
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
    """Say which variants would take hours on a device of this machine, and what to do; None if there are none."""
    computing = describe_computing(kernels, device, remote=find_remote_device())
    slow = [variant.name for variant in variants if variant.needs_library]
    if not slow or computing["kernels"] == "native" or computing["device"] != CPU:
        return None
    return (
        f"{', '.join(slow)}: without the package's C library, an epoch can take an hour. Install a C compiler and run "
        "pip install -e . again, or leave it out of --variants."
    )
