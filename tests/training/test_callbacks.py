"""Functions and objects as callbacks."""

import pytest
from numpy.testing import assert_array_equal
from training_problem import VALIDATION, LinearNetwork, run

from tsl.training import Callback, History
from tsl.training.callbacks import Callbacks


class Recorder(Callback):
    def __init__(self, name, log, stop=None):
        self.name, self.log, self.stop = name, log, stop

    def on_epoch_begin(self, epoch, history, network):
        self.log.append((self.name, "begin", epoch, history, network))

    def on_epoch_end(self, epoch, history, network):
        self.log.append((self.name, "end", epoch, history, network))
        return self.stop


def test_all_are_called_in_order_also_after_one_has_asked_to_stop():
    log = []
    function = Recorder("function", log).on_epoch_end
    callbacks = Callbacks([Recorder("a", log, stop=True), function, Recorder("b", log)])
    callbacks.on_epoch_begin(1, "history", "network")
    assert callbacks.on_epoch_end(1, "history", "network") is True
    rest = (1, "history", "network")
    assert log == [
        ("a", "begin", *rest),
        ("b", "begin", *rest),
        ("a", "end", *rest),
        ("function", "end", *rest),
        ("b", "end", *rest),
    ]


@pytest.mark.parametrize("answer", [None, False])
def test_no_answer_means_to_go_on(answer):
    assert Callbacks([lambda epoch, history, network: answer]).on_epoch_end(1, None, None) is False


def test_none_of_the_base_class_stops():
    callbacks = Callbacks([Callback()])
    callbacks.on_epoch_begin(1, None, None)
    assert callbacks.on_epoch_end(1, None, None) is False


@pytest.mark.parametrize("callback", [3, "print", Callback])
def test_what_cannot_be_called_back_is_an_error(callback):
    with pytest.raises(TypeError, match="callbacks has .*: give a function or an object with on_epoch_end"):
        Callbacks([callback])


# --- in the loop ------------------------------------------------------------------------------------------


def test_callbacks_come_around_every_epoch_with_its_results():
    log = []

    class Recorder(Callback):
        def on_epoch_begin(self, epoch, history, network):
            log.append(("begin", epoch, history.n_iter, len(network.evaluations)))

        def on_epoch_end(self, epoch, history, network):
            log.append(("end", epoch, history.n_iter, len(network.evaluations)))

    run(callbacks=[Recorder()], validation=VALIDATION, max_iter=2)
    assert log == [("begin", 1, 0, 0), ("end", 1, 1, 1), ("begin", 2, 1, 1), ("end", 2, 2, 2)]


def test_a_callback_can_end_training():
    network, history = run(callbacks=[lambda epoch, history, network: epoch == 3])
    assert (history.n_iter, history.stopped_by) == (3, "callback")
    assert_array_equal(network.params, run(max_iter=3)[0].params)


@pytest.mark.parametrize("hook", ["on_epoch_begin", "on_epoch_end"])
def test_an_exception_of_a_callback_comes_out_with_the_weights_of_the_epoch(hook):
    class Failing(Callback):
        pass

    def fail(epoch, history, network):
        if epoch == (2 if hook == "on_epoch_end" else 3):
            raise RuntimeError("mine")

    failing = Failing()
    setattr(failing, hook, fail)
    network, history = LinearNetwork(), History()
    with pytest.raises(RuntimeError, match="mine"):
        run(network, callbacks=[failing], history=history)
    assert_array_equal(network.params, run(max_iter=2)[0].params)
    assert history.n_iter == 2


def test_callbacks_of_scikit_learn_can_be_bridged():
    callback_module = pytest.importorskip("sklearn.callback")
    log = []

    class Monitor:
        def setup(self, estimator, context):
            log.append("setup")

        def on_fit_task_begin(self, estimator, context):
            log.append(("begin", context.task_name, context.task_id))

        def on_fit_task_end(self, estimator, context, *, fitted_estimator):
            log.append(("end", context.task_name, context.task_id, fitted_estimator.n_iter_))
            return context.task_id == 1

        def teardown(self, estimator, context):
            log.append("teardown")

    class Bridge(Callback):
        def __init__(self, estimator, context):
            self.estimator, self.context = estimator, context

        def on_epoch_begin(self, epoch, history, network):
            self.task = self.context.subcontext("epoch").call_on_fit_task_begin(estimator=self.estimator)

        def on_epoch_end(self, epoch, history, network):
            return self.task.call_on_fit_task_end(
                estimator=self.estimator, reconstruction_attributes=lambda: {"n_iter_": history.n_iter}
            )

    class Estimator(callback_module.CallbackSupportMixin):
        @callback_module.with_callbacks
        def fit(self):
            context = self._init_callback_context(max_subtasks=5).call_on_fit_task_begin(estimator=self)
            _, self.history_ = run(callbacks=[Bridge(self, context)])
            self.n_iter_ = self.history_.n_iter
            context.call_on_fit_task_end(estimator=self, reconstruction_attributes={})

    estimator = Estimator().set_callbacks(Monitor())
    estimator.fit()
    assert estimator.history_.stopped_by == "callback"
    assert log == [
        "setup",
        ("begin", "fit", 0),
        ("begin", "epoch", 0),
        ("end", "epoch", 0, 1),
        ("begin", "epoch", 1),
        ("end", "epoch", 1, 2),
        ("end", "fit", 0, 2),
        "teardown",
    ]
