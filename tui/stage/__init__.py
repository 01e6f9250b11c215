"""The stage: the observer's app, and the parts that it is composed of."""
