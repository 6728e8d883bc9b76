"""Callbacks and progress of a fit, including scikit-learn's callbacks."""

import pytest
from regressor_problem import X, Y, small

from tsl import LSTMRegressor


def test_callbacks_are_called_and_may_stop():
    epochs = []

    def stop_after_two(epoch, history, network):
        epochs.append((epoch, len(history.loss)))
        return epoch == 2

    model = small(max_iter=10, callbacks=[stop_after_two]).fit(X, Y)
    assert epochs == [(1, 1), (2, 2)]
    assert (model.n_iter_, model.history_.stopped_by) == (2, "callback")


def test_progress_is_shown_when_asked_for(capfd):
    small().fit(X, Y)
    assert capfd.readouterr() == ("", "")
    small(verbose=2).fit(X, Y)
    out, err = capfd.readouterr()
    assert out == ""
    assert err.count("\n") == 3  # a line an epoch


class Recorder:
    """A callback as scikit-learn wants it."""

    def __init__(self, stop_after=None):
        self.begun, self.ended, self.scores, self.stop_after = [], [], [], stop_after

    def setup(self, estimator, context):
        self.begun.append("setup")

    def teardown(self, estimator, context):
        self.ended.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.begun.append(context.task_name)

    def on_fit_task_end(self, estimator, context, *, X=None, y=None, fitted_estimator=None):
        self.ended.append(context.task_name)
        self.scores.append(fitted_estimator.score(X, y))
        return self.ended.count("epoch") == self.stop_after


@pytest.mark.skipif(not hasattr(LSTMRegressor, "set_callbacks"), reason="scikit-learn before 1.9 has no callbacks")
def test_epochs_are_tasks_for_callbacks_of_scikit_learn():
    recorder = Recorder()
    model = small().set_callbacks(recorder).fit(X, Y)
    assert recorder.begun == ["setup", "fit", "epoch", "epoch", "epoch"]
    assert recorder.ended == ["epoch", "epoch", "epoch", "fit", "teardown"]
    assert len(set(recorder.scores[:3])) == 3  # each epoch's own model
    assert recorder.scores[-1] == model.score(X, Y)
    stopped = small(max_iter=10).set_callbacks(Recorder(stop_after=2)).fit(X, Y)
    assert stopped.n_iter_ == 2
