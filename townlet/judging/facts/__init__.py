"""Facts of people's lives and ties, each with its source and its band, and how a town stands beside them.

A town lives in memory and is measured (`measuring`); the table says which sums make which fact (`table`); sums of many
towns make one figure (`judged`). `asking` is the door; `comparing`, `ablating` and `screening` ask the same under
changed settings, of which `plans` reads the files; `document` writes the page of facts.
"""
