"""The segments of a log: opens, reads, recovers and checks them."""
