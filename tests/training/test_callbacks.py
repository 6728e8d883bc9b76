"""Functions and objects as callbacks."""

import pytest

from tsl.training import Callback
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
