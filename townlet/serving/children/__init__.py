"""SQL of strangers, answered in processes that may be killed: each is bounded in memory, time and answer."""
