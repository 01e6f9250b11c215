"""What if it had not happened? Hold back one quarrel in many futures. Run: python examples/what_if.py [RUN] [FUTURES]

Each pair of futures begins in the same moment and has the same luck; in one of the two the event is held back. What
differs between them was caused by it.
"""

import sys

import townlet
from townlet.whatif.paired.result import WhatIf


def main(folder: str = "runs/first", futures: str = "100") -> None:
    """Print what the first quarrel of a run changed after two days, then what a power cut would change."""
    run = townlet.open(folder)
    quarrels = run.sql("select seq, tick, agent, other from queue_conflict order by seq limit 1").to_pylist()
    if quarrels:
        (quarrel,) = quarrels
        print(f"event {quarrel['seq']}: {quarrel['agent']} wronged {quarrel['other']} at tick {quarrel['tick']}")
        show(run.whatif(without=quarrel["seq"], futures=int(futures), days=2))

    # A command instead of an event: from now on there is no power.
    show(run.whatif(at=run.head.tick, do=["blackout"], futures=int(futures), days=1))


def show(found: WhatIf) -> None:
    """Print the effects at the end that are not luck; at most one in twenty of them errs on average."""
    for effect in found.certain()[:5]:
        of = " and ".join(name for name in (effect["person"], effect["other"]) if name) or "the town"
        print(f"  {effect['outcome']} of {of}: {effect['mean']:+.3f} ({effect['low']:+.3f} to {effect['high']:+.3f})")
    print(f"  {found.effects.num_rows} effects in all, {found.pairs.num_rows} pairs of futures")


if __name__ == "__main__":
    main(*sys.argv[1:])
