"""What holds for every test."""

from hypothesis import HealthCheck, settings

# How long an example takes, or is made, hangs on what else the machine does; speed belongs to `make bench`.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")
