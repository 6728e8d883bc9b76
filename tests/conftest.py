"""What all tests share: the profile of hypothesis for long runs, ``pytest --hypothesis-profile=long``."""

from hypothesis import settings

settings.register_profile("long", max_examples=20_000, deadline=None, print_blob=True)
