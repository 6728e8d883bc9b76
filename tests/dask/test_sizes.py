"""The memory that the values of workers take, as Dask sees it: about as much as they take in a file."""

import pickle

import numpy as np
import pytest
from replica_frames import long_frame

from tsl import LSTMForecaster
from tsl.forecasting.model.drawn import Drawing, draw
from tsl.forecasting.model.replicas import Preparation, replica_windows

pytest.importorskip("distributed")
from tsl.dask._extra import sizeof
from tsl.dask._parts import known_part
from tsl.dask._sizes import register_sizes


def test_dask_knows_the_sizes_of_what_replicas_hold():
    model = LSTMForecaster(6, window=12, max_iter=0).fit(long_frame(40))
    panel, stats, windowing = model._history.panel(), model._scaling, model.windowing_
    windows = replica_windows(panel, Preparation("error", 0, model.transform_, 18, "pad"), windowing, stats)
    drawn = draw(windows, Drawing(lambda data: data, 0, 0), 0, 0, np.array([100, 100]))
    register_sizes()
    for value in (panel, known_part(panel, model), drawn):
        assert 0.8 < sizeof(value) / len(pickle.dumps(value)) < 2.0  # arrays that several attributes share count twice
