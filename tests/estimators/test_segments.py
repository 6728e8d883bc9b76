"""`segment`: a classifier that reads several steps of a window at once."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import softmax
from sklearn.metrics import log_loss

import tsl
from tsl import LSTMClassifier
from tsl._estimator.data import TrainingData, in_segments
from tsl._estimator.segments import TEMPERATURES, calibrated_loss, chosen_segment, folds
from tsl.network import Sequences

RNG = np.random.default_rng(0)
X = RNG.normal(3.0, 2.0, (24, 10, 2))
RAGGED = [window[: 1 + i % 10] for i, window in enumerate(X)]
Y = np.arange(24) % 3
SMALL = {"hidden_size": 4, "max_iter": 4, "random_state": 0}


def small(X=X, **parameters):
    return LSTMClassifier(**(SMALL | parameters)).fit(X, Y)


def side_by_side(windows, scaling, segment):
    """Windows of segments, from the definition: scaled, filled up with zeros, steps side by side."""
    scaled = [(window - scaling.mean) / scaling.scale for window in windows]
    filled = [np.concatenate([one, np.zeros((-len(one) % segment, one.shape[1]))]) for one in scaled]
    return [one.reshape(-1, segment * one.shape[1]) for one in filled]


@pytest.mark.parametrize("segment", [2, 3, 4, 10, 16])
@pytest.mark.parametrize("windows", [X, RAGGED], ids=["equal", "ragged"])
def test_a_segment_is_a_step_with_more_channels(windows, segment):
    parameters = {"bidirectional": True, "recurrent_dropout": 0.0, "dtype": "float64"}
    model = small(windows, segment=segment, **parameters)
    joined = side_by_side(windows, model.input_scaling_, segment)
    other = small(joined, segment=1, scaling=None, layout="time_channel", **parameters)
    assert_allclose(model.predict_proba(windows), other.predict_proba(joined), rtol=1e-9)
    assert model.n_timesteps_in_ == (10 if windows is X else None)
    assert model.n_channels_in_ == 2


@pytest.mark.parametrize(("n_steps", "segment"), [(1, 1), (32, 1), (33, 2), (64, 2), (65, 3), (1460, 46)])
def test_auto_makes_at_most_32_segments(n_steps, segment):
    shorter = [np.zeros(1), np.arange(n_steps) / n_steps]
    model = LSTMClassifier(**(SMALL | {"max_iter": 1})).fit(shorter, [0, 1])
    assert model.network_.architecture.segment == segment
    assert model.gates(shorter)[0].hidden.shape == (2, -(-n_steps // segment), 4)


def test_overlapping_windows_are_read_to_their_end_and_not_copied():
    series = RNG.normal(size=(33, 2))
    view = np.lib.stride_tricks.sliding_window_view(series, 10, axis=0).swapaxes(1, 2)
    assert_array_equal(small(view, segment=4).predict_proba(view), small(view.copy(), segment=4).predict_proba(view))
    windows = Sequences(series, np.arange(24), np.full(24, 10))
    assert in_segments(windows, 4).rows is series


def test_a_prediction_does_not_depend_on_the_other_windows():
    model = small(RAGGED, segment=3)
    assert_array_equal([model.predict_proba([one])[0] for one in RAGGED], model.predict_proba(RAGGED))


def test_training_goes_on_with_the_segments_that_it_began_with():
    long = np.tile(X, (1, 4, 1))
    whole = small(long, learning_rate="constant", segment=2)
    parts = LSTMClassifier(**SMALL, learning_rate="constant")
    for _ in range(4):
        parts.partial_fit(long, Y, classes=[0, 1, 2])
    assert_array_equal(parts.predict_proba(long), whole.predict_proba(long))
    parts.set_params(warm_start=True).fit(long[:, :7], Y)  # for which auto would be 1
    assert parts.network_.architecture.segment == 2
    with pytest.raises(ValueError, match="cannot continue training"):
        parts.set_params(segment=3).fit(long, Y)


def chosen(n_segments, n_right, n=24):
    """The segment that is chosen where so many segments get `n_right` of 8 windows right, and others 4; the trials."""
    tried = []

    def scores(segment, training, held_out):
        tried.append((160 // segment, sorted(training.targets), sorted(held_out.targets)))
        right = np.arange(len(held_out.targets)) < (n_right if 160 // segment == n_segments else 4)
        return np.where((np.arange(2) == held_out.targets[:, None]) == right[:, None], 2.0, 0.0)

    windows = Sequences(np.zeros((160 * n, 1)), np.arange(n) * 160, np.full(n, 160))
    return chosen_segment(TrainingData(windows, np.arange(n) % 2, None), scores, 0, 0), tried


@pytest.mark.parametrize("best", [32, 16, 8, 4, 2])
def test_auto_takes_the_segments_with_the_lowest_loss(best):
    segment, tried = chosen(best, 6)
    assert segment == 160 // best
    assert [n for n, *_ in tried[::3]] == [32, 16, 8, 4, 2]
    assert all((training, held_out) == ([0] * 8 + [1] * 8, [0] * 4 + [1] * 4) for _, training, held_out in tried)


def test_auto_makes_32_segments_unless_fewer_are_clearly_better():
    assert chosen(4, 5)[0] == 160 // 32  # 0.66 nats instead of 0.69
    assert chosen(4, 6, n=5) == (160 // 32, [])  # a class of two windows has none for one of three folds


def test_the_loss_of_a_trial_does_not_depend_on_confidence():
    scores, codes = RNG.normal(size=(20, 3)), np.arange(20) % 3
    data = TrainingData(Sequences(np.zeros((20, 1)), np.arange(20), np.ones(20, np.int64)), codes, None)
    scores[np.arange(20), codes] += 1.0
    loss = calibrated_loss(scores, data)
    assert loss == pytest.approx(calibrated_loss(2.0 * scores, data))
    assert loss == pytest.approx(min(log_loss(codes, softmax(scores / t, axis=1)) for t in TEMPERATURES))
    weights = np.where(codes == 1, 0.0, 1.0)
    part = data.part(codes != 1)
    without = calibrated_loss(scores[codes != 1], part)
    assert calibrated_loss(scores, data._replace(weights=weights)) == pytest.approx(without)


def test_overlapping_windows_are_held_out_in_a_row():
    windows = Sequences(np.zeros((19, 1)), np.arange(10), np.full(10, 10))
    data = TrainingData(windows, np.repeat([0, 1], [6, 4]), None)
    assert folds(data, np.random.RandomState(0)).tolist() == [0, 0, 1, 1, 2, 2, 0, 0, 1, 2]
    apart = data._replace(windows=Sequences(np.zeros((100, 1)), 10 * np.arange(10), np.full(10, 10)))
    found = [folds(apart, np.random.RandomState(seed)).tolist() for seed in range(2)]
    assert found[0] != found[1]
    assert all(sorted(one[:6]) == [0, 0, 1, 1, 2, 2] for one in found)


@pytest.mark.parametrize("changes", [{}, {"early_stopping": True, "validation_fraction": 0.25}])
def test_a_fit_that_chooses_is_the_fit_with_what_it_chose(changes):
    long = np.tile(X, (1, 6, 1))
    model = small(long, **changes)
    segment = model.network_.architecture.segment
    assert segment in (2, 4, 8, 15, 30)
    assert_array_equal(small(long, segment=segment, **changes).predict_proba(long), model.predict_proba(long))


def test_trials_take_half_the_steps(monkeypatch):
    n_epochs = []
    fit_data = LSTMClassifier._fit_data

    def fitted(self, data):
        fit_data(self, data)
        n_epochs.append(self.n_iter_)

    monkeypatch.setattr(LSTMClassifier, "_fit_data", fitted)
    monkeypatch.setattr(LSTMClassifier, "_auto_steps", 6)
    model = small(np.tile(X, (1, 6, 1)), max_iter="auto")
    assert n_epochs == [3] * 15  # five numbers of segments in three folds, one batch an epoch
    assert model.n_iter_ == 6


def test_verbose_says_what_is_tried(capsys):
    small(np.tile(X, (1, 6, 1)), verbose=1)
    assert "trying numbers of segments, 1 of 5\n" in capsys.readouterr().err


def test_time_leaves_none_for_trials():
    assert small(np.tile(X, (1, 6, 1)), max_time=100.0).network_.architecture.segment == 2


def test_files_keep_segments(tmp_path):
    model = small(segment=3)
    tsl.save(model, tmp_path / "model.tsl")
    again = tsl.load(tmp_path / "model.tsl")
    assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    assert_array_equal(again.partial_fit(X, Y).predict_proba(X), model.partial_fit(X, Y).predict_proba(X))


def bumps(n, seed):
    """Early in much noise, a bump or a wave."""
    rng = np.random.default_rng(seed)
    y, starts = np.arange(n) % 2, rng.integers(30, 60, size=n)
    windows = 0.3 * rng.normal(size=(n, 200))
    shapes = 2 * np.hanning(20) * np.stack([np.ones(20), np.sign(np.arange(20) - 9.5)])
    for window, start, shape in zip(windows, starts, shapes[y]):
        window[start : start + 20] += shape
    return windows, y


def test_defaults_learn_from_few_long_windows():
    model = LSTMClassifier(hidden_size=32, random_state=0).fit(*bumps(60, seed=0))
    assert model.score(*bumps(200, seed=1)) > 0.7  # single steps, segment=1, guess: 0.52
