"""Experiments with trainings: arms that differ in some settings, seeds they share, and a plan made beforehand.

`settings` reads an experiment's file, `cells` is what one training left, `running` makes the cells that are missing,
`contrasts` compares arms, seed by seed, and `report` writes what there is.
"""
