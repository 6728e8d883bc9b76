"""Dynamic evaluation, compared with a loop that is written out, and what it must not do."""

import copy
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from text_models import OTHER, SMALL, TEXT

from tsl import LSTMCharModel
from tsl.char_model import Adaptation
from tsl.char_model.encoding import network_inputs
from tsl.network import Loss, Network, Sequences, Targets

NEW = "tick tock tack " * 12
QUICK = Adaptation(sequence_length=7, learning_rate=0.5, decay=0.01)


def log_softmax(scores):
    return scores - np.log(np.exp(scores).sum(axis=-1, keepdims=True))


def steps(model, options):
    """Size of each weight's step, and of its way back (Krause et al. 2018, equation 4)."""
    roots = np.sqrt(np.float64(model._optimizer_state.mean_sq))
    scale = roots / roots.mean() if roots.any() else np.ones_like(roots)
    return np.float32(options.learning_rate / (scale + 0.03)), np.float32(np.minimum(options.decay * scale, 1))


def surprisals(model, text, options):
    """The loop: a part of the text is scored, then learned, then the next one is."""
    codes, network, trained = model.vocabulary_.encode(text), copied(model.network_), model.network_.params
    rates, pulls = steps(model, options)
    states, often = None, model.class_count_ + 1
    found = [-math.log(often[codes[0]] / often.sum())]
    for begin in range(0, codes.size - 1, options.sequence_length):
        end = min(begin + options.sequence_length, codes.size - 1)
        if network.architecture.every_step:
            sequences = Sequences(codes, np.array([begin]), np.array([end - begin]))
            targets = Targets(codes.astype(np.int64), np.array([begin + 1]))
            outputs, after = network.forward_states(sequences, initial=states)
            expected = log_softmax(outputs[0].astype(np.float64))
        else:
            ends = np.arange(begin + 1, end + 1)
            lengths = np.minimum(ends, model.window)
            sequences = Sequences(network_inputs(network.architecture, codes), ends - lengths, lengths)
            targets, after = Targets(codes.astype(np.int64), ends), None
            expected = log_softmax(network.forward(sequences).astype(np.float64))
        found += [-expected[k, codes[begin + 1 + k]] for k in range(end - begin)]
        gradient = network.gradient(sequences, targets, None, Loss("log_loss"), initial=states).params
        with network.editing() as params:
            params += pulls * (trained - params) - rates * gradient
        states = after
    return np.array(found)


def copied(network):
    copy = Network(network.architecture)
    with copy.editing() as params:
        params[:] = network.params
    return copy


@pytest.fixture(scope="module")
def of_sgd():
    return LSTMCharModel(**SMALL | {"max_iter": 2}, solver="sgd").fit(TEXT)


@pytest.mark.parametrize("kind", ["streams", "two layers", "windows", "scalar"])
def test_it_is_the_loop_written_out(kind, models):
    model = models[kind]
    expected = surprisals(model, OTHER, QUICK)
    found = model.surprisal(OTHER, adapt=QUICK)
    assert_allclose(found, expected, rtol=1e-6)
    assert abs(found - model.surprisal(OTHER)).max() > 0.01
    assert_allclose(model.score(OTHER, adapt=QUICK), -expected.mean(), rtol=1e-6)
    assert_allclose(model.bits_per_char(OTHER, adapt=QUICK), expected.mean() / math.log(2), rtol=1e-6)
    assert_allclose(model.perplexity(OTHER, adapt=QUICK), math.exp(expected.mean()), rtol=1e-6)


def test_without_moments_all_weights_take_the_same_steps(of_sgd):
    assert not of_sgd._optimizer_state.mean_sq.any()
    assert_allclose(of_sgd.surprisal(OTHER, adapt=QUICK), surprisals(of_sgd, OTHER, QUICK), rtol=1e-6)


def test_true_stands_for_the_default_options(streams):
    assert streams.score(OTHER, adapt=True) == streams.score(OTHER, adapt=Adaptation())
    assert streams.score(OTHER, adapt=False) == streams.score(OTHER)


@pytest.mark.parametrize("kind", ["streams", "windows", "bytes"])
def test_a_character_depends_on_those_before_it_alone(kind, models):
    model = models[kind]
    whole = model.surprisal(OTHER, adapt=QUICK)
    for n in (1, 2, 7, 8, 9, 50, 100):  # in the middle and at the ends of stretches
        cut = model.surprisal(OTHER[:n], adapt=QUICK)
        # float32 has 7 digits; sums over a shorter stretch are of the same numbers
        assert_allclose(cut, whole[:n], rtol=1e-5)
        changed = OTHER[:n] + NEW[n:].upper().replace("T", "e") if n > 7 else OTHER[:n]
        known = "".join(character for character in changed if character in TEXT)
        assert_allclose(model.surprisal(known, adapt=QUICK)[:n], whole[:n], rtol=1e-5)


@pytest.mark.parametrize("kind", ["streams", "windows"])
def test_the_model_stays_as_it_is(kind, models):
    model = copy.deepcopy(models[kind])
    before, moments = model.network_.params.copy(), model._optimizer_state.mean_sq.copy()
    plain = model.score(OTHER)
    model.score(OTHER, adapt=True)
    assert_array_equal(model.network_.params, before)
    assert_array_equal(model._optimizer_state.mean_sq, moments)
    assert model.score(OTHER) == plain


def test_it_learns_what_comes_again(streams):
    plain, adapted = streams.surprisal(NEW), streams.surprisal(NEW, adapt=True)
    assert_allclose(adapted[:21], plain[:21], rtol=1e-6)  # nothing is learned before the first stretch is over
    assert adapted[-60:].mean() < 0.5 * plain[-60:].mean()


def test_each_text_starts_from_the_trained_weights(streams):
    alone = streams.score(NEW, adapt=True)
    assert_allclose(streams.score([NEW, NEW], adapt=True), alone, rtol=1e-12)


def test_full_decay_undoes_every_step_and_no_rate_takes_none(streams):
    still = Adaptation(learning_rate=0.0, decay=0.0, sequence_length=5)
    assert_allclose(streams.surprisal(OTHER, adapt=still), streams.surprisal(OTHER), rtol=1e-5)
    free, bound = (streams.score(NEW, adapt=Adaptation(decay=decay)) for decay in (0.0, 1.0))
    assert streams.score(NEW) < bound < free


def test_threads_make_no_difference(streams):
    two = copy.deepcopy(streams).set_params(n_threads=2)
    assert_array_equal(two.surprisal(OTHER, adapt=True), streams.surprisal(OTHER, adapt=True))


def test_short_texts(streams):
    assert streams.score("t", adapt=True) == streams.score("t")
    assert streams.surprisal("", adapt=True).shape == (0,)
    with pytest.raises(ValueError, match="text must have at least 1 known character"):
        streams.score("", adapt=True)


def test_labels_are_read_while_it_learns():
    model = LSTMCharModel(**SMALL | {"max_iter": 3}).fit([TEXT, OTHER], labels=[0, 1])
    first, second = (model.surprisal(OTHER, label=label, adapt=QUICK) for label in (0, 1))
    assert abs(first - second).max() > 1e-3
    assert abs(second - model.surprisal(OTHER, label=1)).max() > 0.01


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"learning_rate": -1}, ValueError, "learning_rate must be a finite number of at least 0, got -1"),
        ({"learning_rate": math.nan}, ValueError, "learning_rate must be a finite number of at least 0, got nan"),
        ({"learning_rate": "fast"}, TypeError, "learning_rate must be a finite number of at least 0, got 'fast'"),
        ({"decay": 1.5}, ValueError, "decay must be a number from 0 to 1, got 1.5"),
        ({"decay": True}, TypeError, "decay must be a number from 0 to 1, got True"),
        ({"sequence_length": 0}, ValueError, "sequence_length must be at least 1, got 0"),
    ],
)
def test_refuses_options_out_of_range(options, error, message):
    with pytest.raises(error, match=message):
        Adaptation(**options)


def test_refuses_what_is_no_option_and_contexts(streams):
    with pytest.raises(TypeError, match="adapt must be a bool or an Adaptation, got 3"):
        streams.score(OTHER, adapt=3)
    with pytest.raises(
        ValueError, match="adapt must be False with y, because contexts are not continuous text; got True"
    ):
        streams.score(["to"], ["e"], adapt=True)


def test_weights_that_are_no_longer_finite_are_an_error(streams):
    with pytest.raises(ValueError, match="learning_rate of adapt must be lower: the weights are not finite with 1e"):
        streams.score(OTHER, adapt=Adaptation(learning_rate=1e40))
