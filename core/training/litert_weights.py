"""The float weights of a VGG-16 in a LiteRT file with dynamic-range quantization.

The int8 kernels have one scale per output channel, so the values are those that the file itself computes with.
"""

from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray

from core.errors import DatasetError

KERNEL_SIZE = (3, 3)
VGG16_CONVOLUTIONS = tuple(
    f"block{block}_conv{conv}" for block, count in enumerate((2, 2, 3, 3, 3), start=1) for conv in range(1, count + 1)
)


def read_convolutions(path: Path) -> dict[str, NDArray[np.float32]]:
    """Read `<layer>/kernel` and `<layer>/bias` of the 13 convolutions, in Keras' axis order.

    The first kernel reads RGB minus the ImageNet mean. Heads are not read: their kernels are not 3 x 3.

    Raises:
        DatasetError: the file is missing or holds another network.
    """
    try:
        interpreter = Interpreter(
            model_path=str(path),
            experimental_preserve_all_tensors=True,
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )
    except ValueError as error:
        raise DatasetError(f"{path.name} is {'no LiteRT model' if path.exists() else 'missing'}") from error
    interpreter.allocate_tensors()
    details = {detail["index"]: detail for detail in interpreter.get_tensor_details()}
    found: list[tuple[NDArray[np.float32], NDArray[np.float32]]] = []
    for operation in interpreter._get_ops_details():
        if operation["op_name"] == "CONV_2D":
            _, kernel, bias = (details[int(index)] for index in operation["inputs"])
            if tuple(kernel["shape"][1:3]) == KERNEL_SIZE:
                values = _dequantized(interpreter, kernel).transpose(1, 2, 3, 0)
                found.append((np.ascontiguousarray(values), _dequantized(interpreter, bias)))
    if len(found) != len(VGG16_CONVOLUTIONS):
        raise DatasetError(f"{path.name} has {len(found)} convolutions")
    weights: dict[str, NDArray[np.float32]] = {}
    for name, (kernel_values, bias_values) in zip(VGG16_CONVOLUTIONS, found, strict=True):
        weights[f"{name}/kernel"], weights[f"{name}/bias"] = kernel_values, bias_values
    return weights


def _dequantized(interpreter: Any, detail: dict[str, Any]) -> NDArray[np.float32]:
    values = interpreter.get_tensor(detail["index"])
    scales = detail["quantization_parameters"]["scales"]
    if values.dtype != np.int8:
        return np.asarray(values, np.float32)
    shape = [1] * values.ndim
    shape[detail["quantization_parameters"]["quantized_dimension"]] = len(scales)
    return np.asarray(values.astype(np.float32) * scales.reshape(shape), np.float32)
