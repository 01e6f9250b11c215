"""What every test shares; markers and warnings are set in pyproject.toml."""

import os

from hypothesis import settings

# The first example of a test may compile kernels, so an example's time says nothing.
# The same examples every time, so that what passes here passes there; `explore` looks for others.
settings.register_profile("townlet", deadline=None, print_blob=True, derandomize=True)
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "townlet"))
