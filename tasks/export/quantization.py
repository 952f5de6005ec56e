"""Smaller ONNX models: word vectors in 8 bits.

They are nearly all of a network's bytes, and the answers hardly change. Matrices stay in 32 bits: turning a text's
numbers into 8 bits for them costs more time than it saves, and recurrent layers add up the errors.
"""

import os
from pathlib import Path
from typing import Final

from tasks.errors import UserError
from tasks.evaluate.bundle import Bundle
from tasks.export.quiet import quiet_export

# How far a probability may change, and how much smaller a file must become.
MOST_DIFFERENCE: Final = 0.05
LEAST_SAVING: Final = 0.1


def quantize(path: Path, bundle: Bundle) -> None:
    """Store the word vectors of a network in 8 bits; raises UserError when that hardly makes the file smaller."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    before, smaller = path.stat().st_size, path.with_suffix(".int8")
    with quiet_export():
        quantize_dynamic(path, smaller, weight_type=QuantType.QInt8, op_types_to_quantize=["Gather"])
    after = smaller.stat().st_size
    if after > before * (1 - LEAST_SAVING):
        raise UserError(
            f"--quantize int8 does not pay for {bundle.model_id}: {before / 1e6:,.1f} MB become {after / 1e6:,.1f} MB; "
            "expected a network with word vectors in 32 bits. Leave it out."
        )
    os.replace(smaller, path)
