"""A dataset from a log, under observations and rewards of your own choice. Run: python examples/reobserve.py [RUN]

Nothing lives again: the log is folded once, and each person is observed and paid as if an environment with these
settings had been there (docs/policy/DATASET.md).
"""

import sys

import numpy as np

import townlet
from townlet.dataset import arrays_of


def main(folder: str = "runs/first") -> None:
    """Print how many steps there are, and what people earned under three rewards."""
    run = townlet.open(folder)
    for rewards in ("off", "c1", "c3"):
        data = run.dataset(variant="compact", rewards=rewards, from_tick=0, to_tick=1440)
        steps, earned, social = 0, 0.0, 0.0
        for batch in data:  # Arrow record batches; one at a time is in memory
            arrays = arrays_of(batch)
            steps += len(arrays["total"])
            earned += float(arrays["total"].sum())
            social += float(arrays["social"].sum())
        print(f"{rewards:4} {steps} steps, {earned:.2f} earned in all, {social:.2f} of it for social life")

    # The same life in more detail: the variant with the map around each person.
    (batch, *_) = run.dataset(variant="full", to_tick=60)
    arrays = arrays_of(batch)
    print("full:", {name: value.shape for name, value in arrays.items() if name in ("scalars", "map", "action_mask")})

    # How often was each option what people did, where they could decide?
    chosen = np.bincount(arrays["action"][arrays["decides"] == 1], minlength=9)
    print("options chosen in the first hour:", chosen.tolist())


if __name__ == "__main__":
    main(*sys.argv[1:])
