"""Policies that decide for people: files without code, what answers by them, and addressed draws of options.

`forward` is the compiled pass of an MLP; `networks` and `answering` run a CNN or an LSTM through torch.
"""
