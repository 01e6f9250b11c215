"""Trains policies by semi-Markov PPO: a sample is a decision, not a tick.

`settings` reads a training file. `advantages`, `ppo` and `cloning` learn from the decisions that
`townlet.env.decisions` gathers, `sequences` puts them in order for a network that remembers; the networks themselves
are in `townlet.policies.networks`. `trainer` is a training in memory, `training` the loop that keeps it in a folder,
`guards` stop it where it goes wrong, `kept` is what it leaves on disk. Only what computes with torch imports it.
"""
