"""Hypothesis profiles, chosen by HYPOTHESIS_PROFILE: dev (default), ci, nightly."""

import os

from hypothesis import HealthCheck, settings

# The first example of a test may compile or load kernels, so no example has a deadline.
_SLOW_START = (HealthCheck.too_slow,)

settings.register_profile("dev", max_examples=50, deadline=None, suppress_health_check=_SLOW_START)
settings.register_profile(
    "ci",
    max_examples=100,
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=_SLOW_START,
)
settings.register_profile("nightly", parent=settings.get_profile("dev"), max_examples=5000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))
