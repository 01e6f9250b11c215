"""The tensors of a policy's network of each kind: their names and shapes, in torch as in a policy's file."""

from typing import Final

from projections.observations.layout import MAPS, VALUES, WINDOW

CHANNELS: Final = 16
"""The channels of either convolution of a CNN."""

KERNEL: Final = 3
STRIDE: Final = 2
"""Both convolutions have kernels of 3 x 3 cells; the second one goes by 2 cells."""

_FIRST: Final = WINDOW - KERNEL + 1
_SIDE: Final = (_FIRST - KERNEL) // STRIDE + 1

MAP_NUMBERS: Final = CHANNELS * _SIDE * _SIDE
"""The numbers that the convolutions make of a map: 16 x 4 x 4."""

GATES: Final = 4
"""The gates of an LSTM."""

Shapes = dict[str, tuple[int, ...]]


def shapes_of(kind: str, variant: str, inputs: int, hidden: int, actions: int) -> Shapes:
    """The shape of each tensor of a network by its name; `inputs` are the numbers that its first layer takes."""
    heads: Shapes = {
        "actor.weight": (actions, hidden),
        "actor.bias": (actions,),
        "critic.weight": (1, hidden),
        "critic.bias": (1,),
        "trunk.0.weight": (hidden, inputs),
        "trunk.0.bias": (hidden,),
    }
    if kind == "lstm":
        rows = GATES * hidden
        return heads | {
            "memory.weight_ih_l0": (rows, hidden),
            "memory.weight_hh_l0": (rows, hidden),
            "memory.bias_ih_l0": (rows,),
            "memory.bias_hh_l0": (rows,),
        }
    second: Shapes = {"trunk.2.weight": (hidden, hidden), "trunk.2.bias": (hidden,)}
    if kind == "mlp":
        return heads | second
    planes = len(MAPS[variant])
    return (
        heads
        | second
        | {
            "conv.0.weight": (CHANNELS, planes, KERNEL, KERNEL),
            "conv.0.bias": (CHANNELS,),
            "conv.2.weight": (CHANNELS, CHANNELS, KERNEL, KERNEL),
            "conv.2.bias": (CHANNELS,),
        }
    )


def memory_size(kind: str, hidden: int) -> int:
    """The floats that a network of this kind remembers of a person: an LSTM its output and its cell."""
    return 2 * hidden if kind == "lstm" else 0


def map_numbers(kind: str) -> int:
    """How many numbers the first layer takes beside the floats of an observation."""
    return MAP_NUMBERS if kind == "cnn" else 0


def inputs_most(kind: str) -> int:
    """The most numbers that the first layer of a network of this kind takes."""
    return VALUES + map_numbers(kind)
