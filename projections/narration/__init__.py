"""The story of a town: turns some events of a log into sentences, few enough to read.

bond_rule   when a tie makes or ends a bond
entries     the columns of `narrations`, and `Moment`, a proposed entry
limiter     decides which moments are told: cooldowns, repeats, windows, priorities
wording     checks templates, and chooses a wording for an entry
memory      the narrator's memory: the counts and ticks that sentences use
scene       an event with its people, its place and the ties that it changed
moments/    makes moments from the events of each family
narrator    the projection: folds rows of a log into `narrations`, `narration_state`, `narration_memory`
"""
