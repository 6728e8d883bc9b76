"""The history is plain data."""

import dataclasses
import json
import math
import pickle

from tsl.training import History


def make_history():
    history = History(best_iter=1, stopped_by="tol")
    history.add_epoch(loss=2.0, val_loss=3.0, learning_rate=0.1, grad_norm=4.0, seconds=0.5, n_steps=7)
    history.add_epoch(loss=1.0, learning_rate=0.2, grad_norm=5.0, seconds=0.6, n_steps=8)
    return history


def test_epochs_are_entries_of_lists():
    history = make_history()
    assert history.n_iter == 2
    assert history.loss == [2.0, 1.0]
    assert history.val_loss[0] == 3.0
    assert math.isnan(history.val_loss[1])
    assert history.learning_rate == [0.1, 0.2]
    assert history.grad_norm == [4.0, 5.0]
    assert history.seconds == [0.5, 0.6]
    assert history.n_steps == [7, 8]


def test_it_survives_pickle_and_json():
    fields = dataclasses.asdict(make_history())
    assert str(dataclasses.asdict(pickle.loads(pickle.dumps(make_history())))) == str(fields)
    assert str(json.loads(json.dumps(fields))) == str(fields)


def test_an_epoch_added_half_way_is_taken_out_again():
    history = make_history()
    history.loss.append(0.5)
    history.val_loss.append(0.5)
    history.trim()
    assert str(history) == str(make_history())  # as text, because NaN is not equal to itself


def test_histories_do_not_share_lists():
    make_history()
    assert History().loss == []
