"""`beam_width`: the likeliest text as a whole."""

import itertools

import pytest
from numpy.testing import assert_allclose


def log_likelihood(model, prompt, text):
    return -model.surprisal(prompt + text)[len(prompt) :].sum()


@pytest.mark.parametrize("kind", ["streams", "two layers", "windows"])
def test_beams_that_keep_all_find_the_likeliest_text(models, kind):
    model = models[kind]
    n = len(model.classes_)
    texts = ["".join(pair) for pair in itertools.product(model.classes_.tolist(), repeat=2)]
    likeliest = sorted(texts, key=lambda text: -log_likelihood(model, "The", text))
    found = model.generate("The", 2, beam_width=n, n_samples=3)
    assert_allclose(
        [log_likelihood(model, "The", text) for text in found],
        [log_likelihood(model, "The", text) for text in likeliest[:3]],
        rtol=1e-5,
    )


def test_wider_beams_find_likelier_texts(streams):
    def found(width):
        return sum(log_likelihood(streams, p, streams.generate(p, 25, beam_width=width)) for p in "abcdefghilmno")

    assert found(1) < found(2) < found(16)
    assert streams.generate("w", 25, beam_width=1) == streams.generate("w", 25, temperature=0)


def test_beams_end_and_go_on_like_other_texts(streams):
    whole = streams.generate("The", 25, beam_width=4)
    assert " " in whole
    text, state = streams.generate("The", 25, beam_width=4, stop=" ", return_state=True)
    assert text == whole[: whole.index(" ")]
    following = streams.generate("The" + text + " ", 10, temperature=0)
    assert streams.generate(length=10, temperature=0, state=state) == following
    assert " " not in streams.generate("The", 25, beam_width=4, forbid=" ")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"beam_width": 0}, "beam_width must be at least 1"),
        ({"beam_width": 4, "temperature": 0.5}, "beam_width searches for the likeliest text and draws nothing"),
        ({"beam_width": 4, "top_k": 5}, "must be left at their defaults"),
        ({"beam_width": 4, "n_samples": 5}, "n_samples must be at most beam_width=4, got 5"),
    ],
)
def test_wrong_beams_are_refused(streams, of_bytes, options, message):
    with pytest.raises(ValueError, match=message):
        streams.generate("The ", **options)
    with pytest.raises(ValueError, match="has none"):
        of_bytes.generate(beam_width=2)
