"""How "auto" is resolved."""

import pytest
from text_models import SMALL, TEXT

from tsl import LSTMCharModel
from tsl.char_model import defaults
from tsl.char_model.settings import new_dropout, new_optimizer, new_schedule


def test_auto():
    # 93,083 characters of Macbeth in 16 streams: 182 steps of 32
    assert defaults.auto_max_iter(182) * 182 == pytest.approx(defaults.UPDATES, rel=0.02)
    assert defaults.auto_max_iter(1) == defaults.MAX_EPOCHS
    assert defaults.auto_max_iter(10**6) == 1
    assert defaults.auto_learning_rate(False, (256,)) == 1.5e-2
    assert defaults.auto_learning_rate(False, (64, 512)) == 7.5e-3
    assert defaults.auto_learning_rate(False, (16,)) == 1.5e-2
    rates = [defaults.auto_dropouts(epochs, (256,)) for epochs in (0.1, 1, 4, 10, 100, 1000)]
    assert [rate.outputs for rate in rates] == sorted(rate.outputs for rate in rates)
    assert rates[0] == rates[1] == (0.0, 0.0, 0.0)
    assert rates[2].weights == pytest.approx(0.075)  # half-way, by the logarithm, from 0 at 2 epochs to 0.15 at 8
    assert rates[-1] == defaults.AT_EPOCHS[-1]
    assert defaults.auto_dropouts(30, (8192, 10))[:2] == pytest.approx((0.7, 0.7))
    assert defaults.auto_dropouts(30, (8,)) < defaults.auto_dropouts(30, (256,))
    sizes = [defaults.auto_hidden_sizes(seconds) for seconds in (None, 0.1, 30, 60, 180, 1e6)]
    assert sizes == [(256,), (64,), (256,), (320,), (288, 288), (384, 384)]


def test_auto_is_for_parameters_left_alone():
    model = LSTMCharModel(**{**SMALL, "max_iter": 1}).fit(TEXT[:500])
    architecture = model.network_.architecture
    assert new_dropout(model, 80, architecture, 0).outputs == defaults.auto_dropouts(80, (24,)).outputs > 0
    assert (new_optimizer(model).alpha, new_optimizer(model).beta_2) == (0.1, 0.99)
    model.set_params(
        dropout=0.3, recurrent_dropout=0.2, weight_dropout=0.1, alpha=0.5, solver="adam", learning_rate_init=0.02
    )
    dropout = new_dropout(model, 80, architecture, 0)
    assert (dropout.outputs, dropout.recurrent, dropout.weights) == (0.3, 0.2, 0.1)
    assert (new_optimizer(model).alpha, new_optimizer(model).beta_2) == (0.5, 0.999)
    assert new_schedule(model, architecture).init == 0.02
    assert new_optimizer(LSTMCharModel(solver="adam")).alpha == 0.0
