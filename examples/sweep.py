"""What does a setting do to the town? Towns of many settings live with the same seeds.

Run: python examples/sweep.py [SEEDS]
With `into` what came of each town is kept, and the same call goes on after an interrupt. On a cluster give
`engine="ray"` (docs/howto/sweep-settings-over-seeds.md).
"""

import sys

import townlet

PLAN = {
    "question": "Do people who talk more get on better?",
    "days": 2,
    "design": {"kind": "grid"},
    "parameters": {"chat.chance": [0.02, 0.08, 0.2]},
    "figures": ["mean_trust", "chat_succeeded", "queue_conflict"],
}


def main(seeds: str = "8", jobs: str = "1") -> None:
    """Print each point's means, and their differences from the first point, seed by seed with the same luck."""
    result = townlet.sweep(PLAN, seeds=range(1, int(seeds) + 1), jobs=int(jobs))
    for row in result.means().to_pylist():
        print({name: row[name] for name in ("settings", "figure", "mean", "low", "high")})
    for row in result.differences(versus=0).to_pylist():
        print("from the first:", {name: row[name] for name in ("point", "figure", "mean", "low", "high", "pairs")})
    print(result.rows.num_rows, "towns,", result.failed.num_rows, "failed")


if __name__ == "__main__":
    main(*sys.argv[1:])
