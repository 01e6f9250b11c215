"""Why does one feel for another as it does, and what becomes of them under another seed?

Run: python examples/why_and_fork.py [RUN] [FORK]
"""

import sys

import townlet


def main(folder: str = "runs/first", into: str = "runs/first-again") -> None:
    """Explain the strongest tie of a run, and compare it with that of another future."""
    run = townlet.open(folder)
    strongest = "select owner, other from ties order by trust + familiarity - rivalry desc, owner, other limit 1"
    (tie,) = run.sql(strongest).to_pylist()

    # Every cause, in order. `before` of each is `after` of the one before, and the sum is the value in the ledger.
    why = run.why(tie["owner"], tie["other"])
    print(f"{tie['owner']} about {tie['other']}: {why.total} from {len(why.causes)} causes")
    for cause in why.causes.to_pylist()[-3:]:
        print(f"  tick {cause['tick']}: {cause['sentence']} (trust {cause['after_trust']:.2f})")

    # The fork shares the past up to noon of day 1 with the run, and then lives a day by other draws.
    fork = run.fork(into, at=2160, seed=8, ticks=1440)
    then = fork.why(tie["owner"], tie["other"])
    print(f"in the fork: {then.total if then.tied else 'the tie is gone'}")

    # The first event that differs, and how far the two towns are apart since then.
    difference = run.diff(fork)
    print(f"they part at tick {difference.tick}, with event {difference.seq}")
    print(difference.distances.to_pylist()[-1])


if __name__ == "__main__":
    main(*sys.argv[1:])
