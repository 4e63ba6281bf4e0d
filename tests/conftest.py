"""How hypothesis searches: without limits on time, and the same in every CI run."""

import os

from hypothesis import HealthCheck, settings

NO_LIMITS = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

settings.register_profile("local", NO_LIMITS)
settings.register_profile("repeatable", NO_LIMITS, derandomize=True, print_blob=True)
settings.load_profile("repeatable" if os.environ.get("CI") == "true" else "local")
