"""The town's record: its state, its plan, the rows it appends, the ways on its ground, and its tables."""
