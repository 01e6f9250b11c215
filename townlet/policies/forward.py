"""The forward pass of an MLP policy, compiled: one row at a time, so that no result depends on a batch.

Every sum is in one fixed order, that of the inputs. The same row gives the same bits alone, among many rows, and in a
town that runs by itself. Compiled at first use only.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from projections.kernel import entry, kernel
from townlet.errors import TownletError
from townlet.rules.control import ASKABLE

HEADS = 16
"""The columns of the last layer: the logits of the options, then the value, then zeros up to a whole vector."""

VALUE = np.int64(ASKABLE)
"""The column of the value."""

ONE = np.int64(1)
ZERO = np.float32(0.0)

TENSORS = (
    "trunk.0.weight",
    "trunk.0.bias",
    "trunk.2.weight",
    "trunk.2.bias",
    "actor.weight",
    "actor.bias",
    "critic.weight",
    "critic.bias",
)
"""The names of an MLP's tensors, as torch and the policy file name them."""


class NET(NamedTuple):
    """An MLP's weights as the compiled pass reads them: f4, contiguous, an input's weights in one row."""

    w1: np.ndarray
    """[inputs, hidden]"""
    b1: np.ndarray
    """[hidden]"""
    w2: np.ndarray
    """[hidden, hidden]"""
    b2: np.ndarray
    """[hidden]"""
    w3: np.ndarray
    """[hidden, HEADS]: the actor in the first columns, then the critic, then zeros"""
    b3: np.ndarray
    """[HEADS]"""


NO_NET = NET(*(np.zeros(shape, np.float32) for shape in ((1, 1), 1, (1, 1), 1, (1, HEADS), HEADS)))
"""What a kernel is handed where no net is asked: the types of one."""


def net_of(tensors: Mapping[str, np.ndarray]) -> NET:
    """The net of tensors that are named and laid out as in torch: weights [outputs, inputs].

    Raises TownletError if a tensor is missing or its shape does not fit the others.
    """
    missing = [name for name in TENSORS if name not in tensors]
    if missing:
        raise TownletError(
            f"a policy of kind mlp has the tensors {', '.join(TENSORS)}; {', '.join(missing)} is missing"
        )
    found = {name: np.asarray(tensors[name], np.float32) for name in TENSORS}
    first = found["trunk.0.weight"].shape
    hidden, inputs = first if len(first) == 2 else (0, 0)
    options = int(ASKABLE)
    shapes = (hidden, inputs), (hidden,), (hidden, hidden), (hidden,), (options, hidden), (options,), (1, hidden), (1,)
    for name, shape in zip(TENSORS, shapes, strict=True):
        if found[name].shape != shape or 0 in shape:
            raise TownletError(f"the tensor {name} has the shape {list(found[name].shape)}, not {list(shape)}")
    w3, b3 = np.zeros((hidden, HEADS), np.float32), np.zeros(HEADS, np.float32)
    w3[:, :options], b3[:options] = found["actor.weight"].T, found["actor.bias"]
    w3[:, options], b3[options] = found["critic.weight"][0], found["critic.bias"][0]
    # Copies, as an array of a file may be read-only, for which the kernels would be compiled once more.
    w1, w2 = (np.array(found[f"trunk.{layer}.weight"].T, order="C") for layer in (0, 2))
    b1, b2 = (np.array(found[f"trunk.{layer}.bias"]) for layer in (0, 2))
    return NET(w1, b1, w2, b2, w3, b3)


@kernel
def dense(inputs, weights, bias, out):
    """out = bias + inputs @ weights: each sum in the order of the inputs, several outputs at once.

    Inputs of 0 are left out. Four others are added in one pass over `out`, in their order, because reading and writing
    `out` takes longer than the sums.
    """
    for j in range(len(out)):
        out[j] = bias[j]
    found = first = second = third = np.int64(0)
    for i in range(len(inputs)):
        if inputs[i] == ZERO:
            continue
        found += 1
        if found == 1:
            first = i
        elif found == 2:
            second = i
        elif found == 3:
            third = i
        else:
            add_four(inputs, weights, first, second, third, i, out)
            found = 0
    if found >= 1:
        add_one(inputs, weights, first, out)
    if found >= 2:
        add_one(inputs, weights, second, out)
    if found == 3:
        add_one(inputs, weights, third, out)


@kernel
def add_one(inputs, weights, i, out):
    """Add what input `i` gives to each output."""
    x, row = inputs[i], weights[i]
    for j in range(len(out)):
        out[j] += x * row[j]


@kernel
def add_four(inputs, weights, a, b, c, d, out):
    """Add what four inputs give to each output, one after another."""
    xa, xb, xc, xd = inputs[a], inputs[b], inputs[c], inputs[d]
    wa, wb, wc, wd = weights[a], weights[b], weights[c], weights[d]
    for j in range(len(out)):
        out[j] = out[j] + xa * wa[j] + xb * wb[j] + xc * wc[j] + xd * wd[j]


@kernel
def rectify(values):
    """Set what is negative to 0."""
    for j in range(len(values)):
        values[j] = max(values[j], ZERO)


@kernel
def forward(net, seen_row, h1, h2, out):
    """The logits of the options and, in column VALUE of `out`, f4[HEADS], the value of what is seen, f4[inputs].

    `h1` and `h2`, f4[hidden], are scratch.
    """
    dense(seen_row, net.w1, net.b1, h1)
    rectify(h1)
    dense(h1, net.w2, net.b2, h2)
    rectify(h2)
    dense(h2, net.w3, net.b3, out)


@kernel
def log_softmax_masked(out, mask, log_probs):
    """The log-probabilities of the options, f4[options], from the logits in `out`; minus infinity where `mask` is 0.

    The sum is made in float64. Exactly one allowed option has the log-probability 0.
    """
    most = -np.inf
    for option in range(ASKABLE):
        if mask[option]:
            most = max(most, np.float64(out[option]))
    sum_of = 0.0
    for option in range(ASKABLE):
        if mask[option]:
            sum_of += np.exp(np.float64(out[option]) - most)
    norm = np.log(sum_of)
    for option in range(ASKABLE):
        log_probs[option] = np.float64(out[option]) - most - norm if mask[option] else -np.inf


@kernel
def unpack(bits, mask):
    """Write allowed options, given as bits, into a mask, i1[options]: 1 is allowed."""
    for option in range(ASKABLE):
        mask[option] = (bits >> option) & ONE


@entry
def answer_rows(net, seen, masks, log_probs, values):
    """Answer each row: log-probabilities, f4[n, options], and values, f4[n], of seen f4[n, inputs] and masks i1."""
    h1, h2, out = np.empty(len(net.b1), np.float32), np.empty(len(net.b2), np.float32), np.empty(HEADS, np.float32)
    for i in range(len(seen)):
        forward(net, seen[i], h1, h2, out)
        log_softmax_masked(out, masks[i], log_probs[i])
        values[i] = out[VALUE]
