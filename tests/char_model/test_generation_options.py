"""Invalid options of `generate` and `stream`."""

import math

import pytest
from text_models import TEXT


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"top_k": 0}, ValueError, "top_k must be at least 1, got 0"),
        ({"top_k": 2.0}, TypeError, "top_k must be an integer of at least 1, got 2.0"),
        ({"top_p": 0}, ValueError, "top_p must be a finite number above 0 and up to 1, got 0"),
        ({"top_p": 1.01}, ValueError, "top_p must be .* got 1.01"),
        ({"top_p": math.nan}, ValueError, "top_p must be .* got nan"),
        ({"min_p": -0.1}, ValueError, "min_p must be a finite number from 0 to 1, got -0.1"),
        ({"min_p": 2}, ValueError, "min_p must be"),
        ({"repetition_penalty": 0}, ValueError, "repetition_penalty must be a finite number above 0, got 0"),
        ({"n_samples": 0}, ValueError, "n_samples must be at least 1, got 0"),
        ({"stop": ""}, ValueError, "stop must not be empty"),
        ({"stop": ["a", ""]}, ValueError, "stop must not be empty"),
        ({"stop": 5}, TypeError, "stop must be a str or several, got 5"),
        ({"forbid": [5]}, TypeError, "forbid must be a str or several"),
        ({"forbid": "Ω"}, ValueError, "not in the vocabulary"),
        ({"forbid": "".join(sorted(set(TEXT)))}, ValueError, "forbid must leave a character to choose"),
    ],
)
def test_wrong_options_are_refused(streams, options, error, message):
    for call in (streams.generate, streams.stream):
        with pytest.raises(error, match=message):
            call("The ", **options)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"temperature": -0.1}, ValueError, "temperature must be a finite number of at least 0, got -0.1"),
        ({"temperature": math.nan}, ValueError, "temperature must be .* got nan"),
        ({"temperature": math.inf}, ValueError, "temperature must be .* got inf"),
        ({"temperature": "hot"}, TypeError, "temperature must be a number of at least 0, got 'hot'"),
        ({"temperature": None}, TypeError, "temperature must be"),
        ({"length": -1}, ValueError, "length must be at least 0, got -1"),
        ({"length": 2.5}, TypeError, "length must be an integer of at least 0, got 2.5"),
        ({"length": True}, TypeError, "length must be an integer"),
        ({"random_state": "seed"}, ValueError, "seed"),
    ],
)
def test_wrong_options_are_refused_at_once(streams, options, error, message):
    with pytest.raises(error, match=message):
        streams.generate("The ", **options)
    with pytest.raises(error, match=message):
        streams.stream("The ", **options)
