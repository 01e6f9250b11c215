"""Trains policies by semi-Markov PPO: a sample is a decision, not a tick.

`settings` reads a training file. `network` is the policy, `advantages`, `ppo` and `cloning` learn from the decisions
that `townlet.env.decisions` gathers, `guards` stop a training that goes wrong, `checkpoints`, `metrics` and `folders`
keep it, `training` is the loop, `parting` finds where two trainings differ. Only what computes with torch imports it.
"""
