"""The training loop with a small LSTM."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from tsl.network import Architecture, Dropout, Loss, Network, Optimizer, Sequences, Targets
from tsl.training import Samples, Schedule, TrainingSettings, train

WINDOW = 12


def sine_samples(first, last):
    """Windows of a sine with the value that follows each: those that end between `first` and `last`."""
    rows = np.sin(np.arange(400) * (2 * np.pi / 25)).astype(np.float32)[:, None]
    starts = np.arange(first, last)
    return Samples(Sequences(rows, starts, np.full(starts.size, WINDOW)), Targets(rows, starts + WINDOW))


def learn_sine(*, n_threads=1, seed=0, hidden_sizes=(16,), dropout=None, **settings):
    random_state = np.random.RandomState(seed)
    network = Network(Architecture(1, hidden_sizes, 1), random_state=random_state)
    options = {"max_iter": 30, "batch_size": 32, "n_iter_no_change": None, "early_stopping": True}
    history = train(
        network,
        sine_samples(0, 300),
        loss=Loss(),
        optimizer=Optimizer(),
        settings=TrainingSettings(schedule=Schedule("cosine", init=1e-2), **{**options, **settings}),
        random_state=random_state,
        validation=sine_samples(300, 388),
        dropout=dropout,
        n_threads=n_threads,
    )
    return network, history


def test_a_small_lstm_learns_a_sine():
    network, history = learn_sine()
    samples = sine_samples(300, 388)
    error = network.forward(samples.sequences)[:, 0] - samples.targets.rows[samples.targets.starts, 0]
    # The last value alone would be off by 0.18 at the root of the mean square; 0.02 is a ninth of that.
    assert np.sqrt(np.mean(error**2)) < 0.02
    assert history.n_iter == 30
    assert min(history.val_loss) == pytest.approx(np.mean(error**2), rel=1e-5)


@pytest.mark.parametrize("dropout", [None, Dropout(outputs=0.2, recurrent=0.2, seed=5)])
def test_the_seed_alone_decides_the_bits(dropout):
    # large enough for two threads to be worth their while: 2 layers of 48 units
    options = {"hidden_sizes": (48, 48), "max_iter": 3, "batch_size": 64, "dropout": dropout}
    network, history = learn_sine(**options)
    for n_threads in (1, 2):
        again, again_history = learn_sine(n_threads=n_threads, **options)
        assert_array_equal(again.params, network.params)
        assert again_history.loss == history.loss
        assert again_history.val_loss == history.val_loss
    assert (learn_sine(seed=1, **options)[0].params != network.params).any()
