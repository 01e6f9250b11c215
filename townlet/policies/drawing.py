"""Drawing an option from a policy's probabilities. The draw is addressed by seed, tick and person: nothing is kept.

So two futures that share a seed share their luck, and a resumed run draws what the unbroken one would have drawn.
"""

import numpy as np

from projections.kernel import entry, kernel
from townlet.rules.control import ASKABLE
from townlet.rules.draw import LEARNED, NOBODY_ELSE, UNIT, philox

NO_OPTION = np.int64(-1)
LOW_BITS = np.uint64(11)


@kernel
def draw_option(key, tick, person, log_probs, mask):
    """The option that the draw of this tick and person falls on, of those that `mask` allows; NO_OPTION if none.

    `key` is the key of the run's stream `policy`. The options share the unit interval in their order, each by its
    probability; if rounding leaves a rest, it belongs to the last allowed option.
    """
    word = philox(key, tick, person, NOBODY_ELSE, LEARNED)
    luck = np.float64(word >> LOW_BITS) * UNIT
    sum_of, chosen = 0.0, NO_OPTION
    for option in range(ASKABLE):
        if mask[option]:
            chosen = np.int64(option)
            sum_of += np.exp(np.float64(log_probs[option]))
            if luck < sum_of:
                break
    return chosen


@entry
def draw_options(keys, ticks, persons, log_probs, masks, options):
    """Draw for each row into `options`, i8[n]. keys: u8[n]; ticks, persons: i8[n]; log_probs: f4, masks: i1 [n, 9]."""
    for i in range(len(options)):
        options[i] = draw_option(keys[i], ticks[i], persons[i], log_probs[i], masks[i])
