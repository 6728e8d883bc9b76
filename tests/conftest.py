"""What all tests share: the examples of hypothesis are the same in each run, but with ``--hypothesis-profile=long``."""

from hypothesis import settings

# How long an example takes says how busy the machine is, and nothing about the code.
settings.register_profile("suite", derandomize=True, deadline=None)
settings.register_profile("long", max_examples=20_000, deadline=None, print_blob=True)
settings.load_profile("suite")
