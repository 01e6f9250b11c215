"""How rules speak: one recorder a kind of event.

Generated from the catalogue by `make generate`; not edited by hand.
"""
