"""How the towns of a pair live on: by whom people decide, and which city events come."""
