"""What the events of a town add up to: its state, its ties, and everything that is read off them."""
