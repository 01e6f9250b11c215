"""Off-policy estimates: how a person would fare by one policy, from decisions that were logged under another."""
