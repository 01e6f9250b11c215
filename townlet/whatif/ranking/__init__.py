"""Which event of a kind mattered: events ranked by what each of them changed, over pairs of futures."""
