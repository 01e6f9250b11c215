"""Options that are drawn from probabilities: addressed, and as frequent as their probabilities say."""

import numpy as np

from townlet.policies.drawing import NO_OPTION, draw_options
from townlet.rules.draw import stream_key

OPTIONS = 9


def drawn(seed: int, ticks: np.ndarray, persons: np.ndarray, probabilities: list[float]) -> np.ndarray:
    """The option of each address; an option of probability 0 is masked."""
    share = np.array(probabilities)
    with np.errstate(divide="ignore"):
        log_probs = np.tile(np.log(share).astype("f4"), (len(ticks), 1))
    masks = np.tile((share > 0).astype("i1"), (len(ticks), 1))
    keys, options = np.full(len(ticks), stream_key(seed, "policy"), "u8"), np.full(len(ticks), 77, "i8")
    draw_options(keys, ticks.astype("i8"), persons.astype("i8"), log_probs, masks, options)
    return options


SHARES = [0.1, 0.0, 0.25, 0.0, 0.05, 0.6, 0.0, 0.0, 0.0]


def test_a_draw_is_its_address() -> None:
    ticks, persons = np.arange(2000) // 8, np.arange(2000) % 8
    whole = drawn(5, ticks, persons, SHARES)
    order = np.argsort((np.arange(2000) * 7919) % 2000)
    assert (drawn(5, ticks[order], persons[order], SHARES) == whole[order]).all()
    assert [drawn(5, ticks[i : i + 1], persons[i : i + 1], SHARES)[0] for i in (0, 999)] == [whole[0], whole[999]]
    for other in (drawn(6, ticks, persons, SHARES), drawn(5, ticks + 1, persons, SHARES)):
        assert 0.2 < (other != whole).mean() < 0.9
    assert 0.2 < (drawn(5, ticks, persons + 8, SHARES) != whole).mean() < 0.9


def test_frequencies_are_the_probabilities() -> None:
    count = 40_000
    found = np.bincount(drawn(1, np.arange(count), np.arange(count) % 13, SHARES), minlength=OPTIONS) / count
    spread = np.sqrt(np.array(SHARES) * (1 - np.array(SHARES)) / count)
    assert (np.abs(found - SHARES) <= 4 * spread).all()


def test_what_is_not_allowed_is_never_drawn() -> None:
    only = [0.0] * OPTIONS
    only[4] = 1.0
    assert (drawn(1, np.arange(500), np.arange(500), only) == 4).all()
    assert (drawn(1, np.arange(5), np.arange(5), [0.0] * OPTIONS) == NO_OPTION).all()


def test_a_rest_of_rounding_belongs_to_the_last_option() -> None:
    keys, ticks = np.full(300, stream_key(2, "policy"), "u8"), np.arange(300)
    log_probs = np.full((300, OPTIONS), -60.0, "f4")
    masks, options = np.zeros((300, OPTIONS), "i1"), np.zeros(300, "i8")
    masks[:, [1, 6]] = 1
    draw_options(keys, ticks, ticks, log_probs, masks, options)
    assert (options == 6).all()
