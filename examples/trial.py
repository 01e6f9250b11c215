"""A randomised trial, planned before it is run. Run: python examples/trial.py [FUTURES]

Every seed lives in every arm, from the same moment. The placebo arm gives a command that changes nothing; if it
differed from the control, something else than the treatment would be at work.
"""

import sys

import townlet

PLAN = {
    "question": "Does a price shock make people share fewer meals?",
    "seed": 7,  # the default town lives with this seed ...
    "moment": 1080,  # ... until six in the evening of day 0
    "days": 1,
    "arms": {
        "control": {},
        "placebo": {"placebo": True, "do": ["announce prices stay as they are"]},
        "dear": {"do": ["price raw 3", "price meal 3"]},
    },
    "outcomes": ["hunger", "wallet", "mean_trust", "shared_meal"],
}


def main(futures: str = "50") -> None:
    """Print each arm's effects on the evening of the next day, with their 95 % intervals."""
    result = townlet.trial({**PLAN, "futures": int(futures)})
    last = max(result.effects["day"].to_pylist())
    for row in result.effects.to_pylist():
        if row["day"] == last:
            print({name: row[name] for name in ("arm", "outcome", "control", "mean", "low", "high")})
    print("placebo:", result.placebos)


if __name__ == "__main__":
    main(*sys.argv[1:])
