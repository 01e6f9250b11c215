"""Functions that record events, one for each kind.

Generated from the catalogue by `make generate`; not edited by hand.
"""
