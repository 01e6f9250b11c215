"""Experience of decisions: towns live by themselves until somebody decides, and each decision becomes one row."""
