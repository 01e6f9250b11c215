"""A town of eight people lives for two days; then we look at it. Run: python examples/first_town.py [RUN]

RUN is the folder to write, by default runs/first. The same seed always gives the same town and the same log.
"""

import sys

import townlet


def main(folder: str = "runs/first") -> None:
    """Let the town live, and print who lives there, who likes whom, and the end of its story."""
    run = townlet.simulate(ticks=2 * 1440, seed=7, into=folder, replace=True)
    print(run, "log digest", run.log_digest[:12])

    # The town at noon of the first day, folded from the log: any tick can be reached.
    for person in run.at(720).table("agents").select(["name", "venue", "option"]).to_pylist():
        print(f"{person['name']:8} at {person['venue']}, chose to {person['option']}")

    # SQL over events, people, ties and more; docs/tables.md lists every table.
    friends = run.sql("select owner, other, trust from ties order by trust desc limit 3")
    for tie in friends.to_pylist():
        print(f"{tie['owner']} trusts {tie['other']}: {tie['trust']:.2f}")

    # Each sentence of the story follows from one event, `cause`.
    for sentence in run.story().to_pylist()[-3:]:
        print(f"event {sentence['cause']}: {sentence['text']}")


if __name__ == "__main__":
    main(*sys.argv[1:])
