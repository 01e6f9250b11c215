"""Train a policy by PPO, draw its curve, and let a town live by it. Run: python examples/train.py [FOLDER] [UPDATES]

Needs torch and Matplotlib: pip install 'townlet[train,plot]'. Some 30 seconds. Killed at any point, the same command
goes on where it was, to the same bits.
"""

import sys
from pathlib import Path

import pyarrow.parquet as pq
from matplotlib.figure import Figure

import townlet


def main(folder: str = "runs/training", updates: str = "80") -> None:
    """Train, draw FOLDER/curve.svg, and compare the policy with the script in one town."""
    training = Path(folder)
    townlet.train("smoke", training, resume=True, overrides={"updates": int(updates)})
    draw(training)
    for name in ("scripted", training / "policy.safetensors"):
        run = townlet.simulate(ticks=7200, seed=9001, policy=name, into=training / "lives", replace=True)
        (earned,) = run.sql("select avg(total) as a_tick from rewards").to_pylist()
        print(f"{Path(name).name:20} {earned['a_tick']:+.5f} a person and tick")


def draw(training: Path) -> None:
    """Draw the return of a seat-day over the decisions, with its 95 % interval, into curve.svg."""
    rows = pq.read_table(training / "metrics.parquet").to_pydict()
    decisions = [sum(rows["decisions"][: i + 1]) / 1e6 for i in range(len(rows["decisions"]))]
    figure = Figure(figsize=(6.4, 3.2), layout="constrained")
    axes = figure.add_subplot(xlabel="million decisions", ylabel="return of a seat-day")
    axes.fill_between(decisions, rows["return_low"], rows["return_high"], alpha=0.25, linewidth=0)
    axes.plot(decisions, rows["return"])
    axes.grid(alpha=0.3)
    figure.savefig(training / "curve.svg", metadata={"Date": None})
    print(f"{len(decisions)} updates, the last return {rows['return'][-1]:.2f}; drawn in {training / 'curve.svg'}")


if __name__ == "__main__":
    main(*sys.argv[1:])
