"""Gates of single units over a window."""

import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from tsl import LSTMRegressor
from tsl.plotting import plot_gates

plt = pytest.importorskip("matplotlib.pyplot")

X = np.random.default_rng(0).normal(size=(3, 7))
MODEL = LSTMRegressor(hidden_size=(20, 3), bidirectional=True, max_iter=1, random_state=0).fit(X, X[:, 0])
GATES = MODEL.gates(X)


def shown(ax):
    """(units, steps) of the picture."""
    return ax.images[0].get_array()


def test_chosen_units_are_rows_and_steps_are_columns():
    ax = plot_gates(GATES[2], units=[2, 0], sample=1)
    assert_array_equal(shown(ax), GATES[2].forget[1][:, [2, 0]].T)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["2", "0"]
    assert ax.get_title() == "Forget gate, layer 1"


def test_units_that_change_most_are_shown_in_their_order():
    spread = GATES[0].forget[0].std(axis=0)
    expected = np.sort(np.argsort(-spread)[:16])
    assert_array_equal(shown(plot_gates(GATES[0])), GATES[0].forget[0][:, expected].T)


@pytest.mark.parametrize("gate", ["input", "forget", "output", "candidate", "cell", "hidden"])
def test_every_gate_has_its_scale(gate):
    ax = plot_gates(GATES[3], gate=gate)
    assert_array_equal(shown(ax), getattr(GATES[3], gate)[0].T)
    low, high = ax.images[0].get_clim()
    assert (low, high) == ((0, 1) if gate in ("input", "forget", "output") else (-high, high))
    assert ax.get_title().endswith("layer 1, reverse")


def test_labels_stand_under_their_steps_and_white_space_is_seen():
    ax = plot_gates(GATES[0], step_labels="a b\nc")  # a window of five characters
    assert [label.get_text() for label in ax.get_xticklabels()] == ["a", "␣", "b", "↵", "c"]
    assert shown(ax).shape[1] == 5
    ax.figure.canvas.draw()  # a glyph that the font lacks would warn, and warnings are errors


def test_given_axes_are_used():
    _, axes = plt.subplots(2)
    assert plot_gates(GATES[0], ax=axes[1]) is axes[1]
    assert len(plt.get_fignums()) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gate": "reset"}, "gate must be one of 'input', .* got 'reset'"),
        ({"sample": 3}, "sample must be the number of one of 3 windows, got 3"),
        ({"units": [20]}, r"units must be numbers from 0 to 19, got \[20\]"),
        ({"units": []}, r"units must be numbers from 0 to 19, got \[\]"),
        ({"step_labels": "abcdefgh"}, "step_labels must have up to 7 labels, one per step, got 8"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        plot_gates(GATES[0], **options)


def test_missing_matplotlib_is_named_with_the_extra_that_brings_it():
    script = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "import numpy as np; from tsl._estimator import GateActivations; from tsl.plotting import plot_gates\n"
        "plot_gates(GateActivations(0, 'forward', *[np.zeros((1, 2, 3))] * 6))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert run.stderr.endswith('ImportError: plotting needs matplotlib: pip install "tsl-lstm[plot]"\n')
