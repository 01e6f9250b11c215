"""What every test shares; markers and warnings are set in pyproject.toml."""

from hypothesis import settings

# The first example of a test may compile kernels, so an example's time says nothing.
settings.register_profile("townlet", deadline=None, print_blob=True)
settings.load_profile("townlet")
