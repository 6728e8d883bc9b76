"""Fits that continue from a checkpoint end as if they had not been interrupted."""

import json
import os
import pathlib
import subprocess
import sys

import killed_fits
import numpy as np
import pytest
from killed_fits import FITS, TEXT, X, Y, digest
from numpy.testing import assert_array_equal
from regressor_problem import problem, small
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import tsl
from tsl import LSTMCharModel
from tsl.training import TrainingDivergedWarning, TrainingInterruptedWarning, clock, trainer
from tsl.training.checkpoint import Checkpoint


@pytest.fixture
def path(tmp_path):
    return tmp_path / "fit.tsl"


class Cut(Exception):
    """Training is cut off."""


@pytest.fixture
def cut_after(monkeypatch):
    """Ends a fit, the hard way, before its stretch number n + 1; stretches are three steps long."""
    stretch = trainer.Trainer._take_steps
    monkeypatch.setattr(trainer, "Pace", ShortPace)

    def cut_after(n):
        taken = 0

        def stretch_or_cut(self, epoch):
            nonlocal taken
            taken += 1
            if taken > n:
                raise Cut
            return stretch(self, epoch)

        monkeypatch.setattr(trainer.Trainer, "_take_steps", stretch_or_cut)

    return cut_after


class ShortPace:
    """Three steps at a time."""

    steps = 3

    def observe(self, n_steps, seconds):
        """Stay at that."""


def cut_often(fit, path, cut_after, stretches=(0, 1, 2, 5, 1)):
    """`fit` with a checkpoint, cut off after so many stretches, each time going on from where it was."""
    for n in stretches:
        cut_after(n)
        with pytest.raises(Cut):
            fit(checkpoint=path, checkpoint_every=0)
    cut_after(10**9)
    return fit(checkpoint=path, checkpoint_every=0)


@pytest.mark.parametrize("kind", FITS)
def test_a_fit_that_was_cut_off_ends_as_an_undisturbed_one(kind, path, cut_after):
    assert digest(cut_often(FITS[kind], path, cut_after)) == digest(FITS[kind]())


@pytest.mark.long
@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked to be killed")
@pytest.mark.parametrize("kind", FITS)
def test_killed_processes_lose_nothing(kind):
    # 4 x 3 kills with SIGKILL, at random moments, or fewer where the machine gets faster meanwhile
    command = [sys.executable, "-W", "ignore::DeprecationWarning", killed_fits.__file__, kind, "3"]
    where = {"PYTHONPATH": str(pathlib.Path(tsl.__file__).parents[1])}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=os.environ | where)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found.pop("kills") in range(1, 4)
    assert found == {"same": True, "left": ["fit.tsl", "found"]}


@pytest.mark.parametrize(
    "settings",
    [
        {"learning_rate": "step", "learning_rate_every": 2},
        {"learning_rate": "plateau", "learning_rate_patience": 1, "tol": 0.5},
        {"solver": "sgd", "shuffle": False},
        {"dtype": "float64", "bidirectional": True, "hidden_size": (4, 3)},
        {"early_stopping": True, "n_iter_no_change": 1, "tol": 0.5},
        {"random_state": None},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_every_kind_of_training_goes_on(settings, path, cut_after):
    model = small(max_iter=6, batch_size=4, **settings)
    if model.random_state is None:  # drawn once, when the checkpoint is begun
        cut_after(2)
        with pytest.raises(Cut):
            model.fit(X, Y, checkpoint=path, checkpoint_every=0)
        copy = path.with_name("copy.tsl")
        copy.write_bytes(path.read_bytes())
        cut_after(10**9)
        expected = digest(small(max_iter=6, batch_size=4, random_state=None).fit(X, Y, checkpoint=copy))
        assert digest(model.fit(X, Y, checkpoint=path)) == expected
        return

    def fit(**checkpoint):
        return small(max_iter=6, batch_size=4, **settings).fit(X, Y, **checkpoint)

    assert digest(cut_often(fit, path, cut_after)) == digest(fit())


def test_windowed_texts_and_contexts_go_on(path, cut_after):
    def fit(**checkpoint):
        return LSTMCharModel(hidden_size=8, windowed=True, window=8, max_iter=1, random_state=0).fit(
            TEXT[:400], **checkpoint
        )

    assert digest(cut_often(fit, path, cut_after, (1, 1))) == digest(fit())


def test_time_goes_on_where_it_was(path, cut_after, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(clock, "perf_counter", lambda: now[0])
    model = small(max_iter=10**6, max_time=100.0)
    cut_after(10**9)
    stretch = trainer.Trainer._take_steps

    def slow(self, epoch):
        now[0] += 30.0
        if now[0] == 60.0:
            raise Cut
        return stretch(self, epoch)

    monkeypatch.setattr(trainer.Trainer, "_take_steps", slow)
    X, y = problem()
    with pytest.raises(Cut):
        model.fit(X, y, checkpoint=path, checkpoint_every=0)
    now[0] = 10_000.0  # much later
    model.fit(X, y, checkpoint=path, checkpoint_every=0)
    assert model.history_.stopped_by == "time"
    # 30 s were used up before the cut; so of 100 s there is time for 3 more stretches, of 30 s each
    assert now[0] == 10_090.0


def test_a_fit_that_has_ended_is_not_trained_again(path, cut_after):
    X, y = problem()
    first = small().fit(X, y, checkpoint=path)
    cut_after(0)
    again = small(callbacks=[lambda *_: pytest.fail("trained")]).fit(X, y, checkpoint=path)
    assert digest(again) == digest(first)
    assert_array_equal(again.predict(X), first.predict(X))


def test_what_ended_goes_on_with_partial_fit_and_warm_start(path):
    X, y = problem()
    first = small().fit(X, y)
    again = small().fit(X, y, checkpoint=path)
    assert digest(again.partial_fit(X, y)) == digest(first.partial_fit(X, y))
    first.set_params(warm_start=True).fit(X, y)
    other = path.with_name("other.tsl")
    again.set_params(warm_start=True).fit(X, y, checkpoint=other)
    assert digest(again) == digest(first)


def test_divergence_is_told_again(path):
    X, y = problem()
    model = small(solver="sgd", learning_rate_init=1e30, clip_norm=None, scaling=None)
    with pytest.warns(TrainingDivergedWarning) as first:
        model.fit(X, y, checkpoint=path)
    with pytest.warns(TrainingDivergedWarning) as second:
        model.fit(X, y, checkpoint=path)
    assert str(first[0].message) == str(second[0].message)


def test_ctrl_c_leaves_the_checkpoint_to_go_on_from(path, cut_after, monkeypatch):
    X, y = problem()
    cut_after(10**9)
    stretch, taken = trainer.Trainer._take_steps, []

    def interrupted(self, epoch):
        taken.append(1)
        if len(taken) == 5:
            raise KeyboardInterrupt
        return stretch(self, epoch)

    monkeypatch.setattr(trainer.Trainer, "_take_steps", interrupted)
    with pytest.warns(TrainingInterruptedWarning):
        model = small(max_iter=9).fit(X, y, checkpoint=path, checkpoint_every=0)
    assert np.isfinite(model.predict(X)).all()
    monkeypatch.setattr(trainer.Trainer, "_take_steps", stretch)
    assert digest(small(max_iter=9).fit(X, y, checkpoint=path)) == digest(small(max_iter=9).fit(X, y))


@pytest.mark.parametrize(
    "other",
    [
        lambda path, X, y: small(hidden_size=5).fit(X, y, checkpoint=path),
        lambda path, X, y: small(random_state=1).fit(X, y, checkpoint=path),
        lambda path, X, y: small(random_state=None).fit(X, y, checkpoint=path),
        lambda path, X, y: small(learning_rate_init=0.1).fit(X, y, checkpoint=path),
        lambda path, X, y: small(max_iter=4).fit(X, y, checkpoint=path),
        lambda path, X, y: small().fit(X, y + 1e-3 * np.arange(len(y)), checkpoint=path),
        lambda path, X, y: small().fit(X, y, np.arange(1.0, 31.0), checkpoint=path),
        lambda path, X, y: LSTMCharModel(random_state=0).fit(TEXT, checkpoint=path),
    ],
    ids=["size", "seed", "no seed", "rate", "epochs", "targets", "weights", "estimator"],
)
def test_another_fit_is_refused(path, other):
    X, y = problem()
    small().fit(X, y, checkpoint=path)
    content = path.read_bytes()
    with pytest.raises(ValueError, match=r"fit\.tsl belongs to another fit.*Delete it"):
        other(path, X, y)
    assert path.read_bytes() == content


def test_other_validation_data_make_another_fit(path):
    model = LSTMCharModel(hidden_size=4, max_iter=1, early_stopping=True, random_state=0)
    model.fit(TEXT + "Hover through the fog", checkpoint=path)
    with pytest.raises(ValueError, match="belongs to another fit"):
        model.fit(TEXT + "hover through the fog", checkpoint=path)


def test_what_is_no_checkpoint_is_refused(path):
    X, y = problem()
    path.write_text("to be or not to be")
    with pytest.raises(ValueError, match=r"fit\.tsl"):
        small().fit(X, y, checkpoint=path)
    with pytest.raises(TypeError, match="checkpoint must be the path of a file or None, got 3"):
        small().fit(X, y, checkpoint=3)
    for seconds in (-1, np.nan, "60", True, None):
        with pytest.raises(ValueError, match="checkpoint_every must be a number of seconds from 0 up, got"):
            small().fit(X, y, checkpoint_every=seconds)


def test_what_cannot_be_written_fails_at_once(path):
    with pytest.raises(OSError, match="nowhere"):
        small(max_iter=10**9).fit(*problem(), checkpoint=path.parent / "nowhere" / "fit.tsl")


def test_writes_come_as_often_as_asked(path, cut_after, monkeypatch):
    cut_after(10**9)
    written = []
    monkeypatch.setattr(Checkpoint, "write", lambda self: written.append(1))
    X, y = problem()
    small(max_iter=20).fit(X, y, checkpoint=path, checkpoint_every=3600)
    assert len(written) == 2  # when it began and when it ended
    written.clear()
    small(max_iter=20).fit(X, y, checkpoint=path, checkpoint_every=0)
    assert len(written) > 20


def test_a_pipeline_passes_it_on(path):
    X, y = problem()
    pipeline = make_pipeline(FunctionTransformer(), small())
    pipeline.fit(X, y, lstmregressor__checkpoint=path)
    assert_array_equal(small().fit(X, y, checkpoint=path).predict(X), pipeline.predict(X))


def test_a_relative_path_is_that_of_where_fit_began(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    small(callbacks=[lambda *_: os.chdir(elsewhere)]).fit(*problem(), checkpoint="fit.tsl")
    assert pathlib.Path(tmp_path, "fit.tsl").exists()
    assert not list(elsewhere.iterdir())


def test_estimators_keep_nothing_of_it(path):
    X, y = problem()
    assert vars(small().fit(X, y, checkpoint=path)).keys() == vars(small().fit(X, y)).keys()
