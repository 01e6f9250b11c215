"""What happened, told: a log's events as sentences, few enough to read.

entries     the columns of `narrations`, and what is put forward to be told
limiter     what may be told: cooldowns, dedupe, a window, an allowance for what matters; `standing` for feeds
wording     templates, checked, and which wording a cause gets
memory      what the narrator remembers: counts and ticks, from which the templates' numbers come
scene       an event as the narrator sees it: who, where, what the ledgers made of it
moments/    what is worth telling of each family of events
narrator    the projection: rows of a log in, `narrations`, `narration_state`, `narration_memory` out
"""
