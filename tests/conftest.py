"""What all tests share: no time limits of hypothesis, and its profile for long runs, ``--hypothesis-profile=long``."""

from hypothesis import settings

# How long an example takes says how busy the machine is, and nothing about the code.
settings.register_profile("suite", parent=settings(), deadline=None)
settings.register_profile("long", max_examples=20_000, deadline=None, print_blob=True)
settings.load_profile("suite")
