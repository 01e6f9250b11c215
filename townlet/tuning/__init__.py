"""Tunes the learner: a study tries values of a training file's keys, on seeds that no other training or evaluation has.

`settings` reads what is searched, `seeds` keeps the study's towns apart from all others, `sampling` asks Optuna for the
values of the next trial, `trials` makes one and keeps it, `study` makes them all, `leaving` writes what came of them.
"""
