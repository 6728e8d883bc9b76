"""Text coloured by surprisal and by the activation of a unit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from tsl import LSTMCharModel
from tsl.plotting import plot_gates, plot_surprisal
from tsl.plotting._text import wrapped

plt = pytest.importorskip("matplotlib.pyplot")

TEXT = "To be, or not to be,\nthat is the question:\n\nWhether 'tis nobler"
MODEL = LSTMCharModel(hidden_size=6, max_iter=3, random_state=0).fit(TEXT * 10)
GATES = MODEL.gates(TEXT)[0]


def cells(ax):
    """The numbers behind the characters, row by row, NaN where there is none."""
    return ax.images[0].get_array().filled(np.nan)


def written(ax):
    """The characters by (row, column), spaces left out."""
    return {(int(one.get_position()[1]), int(one.get_position()[0])): one.get_text() for one in ax.texts}


def test_each_character_stands_on_its_bits():
    nats = MODEL.surprisal(TEXT)
    ax = plot_surprisal(TEXT, nats)
    bits = iter(nats / np.log(2))
    for row, line in enumerate(TEXT.splitlines(keepends=True)):
        assert_allclose(cells(ax)[row, : len(line)], [next(bits) for _ in line])
        assert np.isnan(cells(ax)[row, len(line) :]).all()
        shown = {(row, column): c.replace("\n", "↵") for column, c in enumerate(line) if c != " "}
        assert {place: c for place, c in written(ax).items() if place[0] == row} == shown
    assert ax.get_title() == f"{MODEL.bits_per_char(TEXT):.2f} bits per character"
    assert ax.images[0].get_clim() == (0, 8)
    assert ax.images[0].colorbar.ax.get_xlabel() == "bits"
    ax.figure.canvas.draw()  # a glyph that the font lacks would warn, and warnings are errors


def test_letters_can_be_read_on_dark_and_light():
    ax = plot_surprisal("ab", np.log(2) * np.array([0.1, 7.9]))
    assert [text.get_color() for text in ax.texts] == ["black", "white"]


@pytest.mark.parametrize(("highest", "extend"), [(3.9, "neither"), (4.1, "max")])
def test_the_colour_bar_says_that_there_is_more_above_it(highest, extend):
    ax = plot_surprisal("ab", np.log(2) * np.array([1, highest]), vmax=4)
    assert ax.images[0].get_clim() == (0, 4)
    assert ax.images[0].colorbar.extend == extend


def test_odd_characters_are_drawn():
    ax = plot_surprisal("$x_1$\t\0\x1b\\\n", np.ones(10))  # no formula, nothing that cannot be seen
    assert "".join(text.get_text() for text in ax.texts) == "$x_1$⇥��\\↵"
    ax.figure.canvas.draw()


def test_letters_fit_their_cells_in_any_axes():
    figure, axes = plt.subplots(1, 2, figsize=(6, 6), width_ratios=[1, 3])
    sizes = [plot_surprisal(TEXT, MODEL.surprisal(TEXT), ax=ax).texts[0].get_fontsize() for ax in axes]
    assert sizes[0] < sizes[1]
    assert plt.get_fignums() == [figure.number]
    for ax in axes:
        width = ax.get_window_extent().width / cells(ax).shape[1]
        letters = [text.get_window_extent().width for text in ax.texts]
        assert max(letters) <= width + 1  # extents are whole pixels


def test_a_subfigure_will_do():
    part = plt.figure(figsize=(6, 6)).subfigures(2)[1]
    ax = part.subplots()
    assert plot_surprisal(TEXT, MODEL.surprisal(TEXT), ax=ax) is ax


@pytest.mark.parametrize(
    ("text", "surprisal", "options", "message"),
    [
        ("", [], {}, "text must have at least 1 character, got none"),
        ("ab", [1.0], {}, r"surprisal must have one number per character, 2 of them, got shape \(1,\)"),
        ("ab", [[1.0, 2.0]], {}, r"surprisal must have .* got shape \(1, 2\)"),
        ("ab", [1.0, np.nan], {}, "surprisal must be finite"),
        ("ab", [1.0, 2.0], {"vmax": 0}, "vmax must be a finite number above 0, got 0"),
        ("ab", [1.0, 2.0], {"vmax": np.nan}, "vmax must be a finite number above 0, got nan"),
        ("ab", [1.0, 2.0], {"line_length": 0}, "line_length must be a whole number of at least 1, got 0"),
        ("ab", [1.0, 2.0], {"line_length": 2.5}, "line_length must be a whole number of at least 1, got 2.5"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_drawn(text, surprisal, options, message):
    with pytest.raises(ValueError, match=message):
        plot_surprisal(text, surprisal, **options)
    assert plt.get_fignums() == []


# --- lines ------------------------------------------------------------------------------------------------------------


@given(st.text(alphabet="ab \n", min_size=1, max_size=60), st.integers(1, 12))
def test_lines_are_the_text_and_none_is_too_long(text, line_length):
    rows, columns = wrapped(text, line_length)
    lines = ["".join(c for c, row in zip(text, rows) if row == k) for k in range(rows[-1] + 1)]
    assert "".join(lines) == text
    assert columns.tolist() == [column for line in lines for column in range(len(line))]
    for line in lines:
        assert len(line.removesuffix("\n")) <= line_length
        assert "\n" not in line[:-1]


def test_long_lines_end_after_a_space_where_they_can():
    rows, _ = wrapped("one two three fourteenth", 8)
    lines = ["".join(c for c, row in zip("one two three fourteenth", rows) if row == k) for k in range(rows[-1] + 1)]
    assert lines == ["one two ", "three ", "fourteen", "th"]


# --- gates ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("gate", "limits"), [("forget", (0, 1)), ("cell", None)])
def test_a_unit_colours_a_text(gate, limits):
    ax = plot_gates(GATES, gate=gate, units=[4], step_labels=TEXT, line_length=30)
    values = getattr(GATES, gate)[0, :, 4]
    rows, columns = wrapped(TEXT, 30)
    assert_array_equal(cells(ax)[rows, columns], values.astype(float))
    assert ax.get_title().endswith("layer 0, unit 4")
    low, high = ax.images[0].get_clim()
    assert (low, high) == (limits or (-high, high))


def test_the_unit_that_changes_most_is_taken():
    ax = plot_gates(GATES, step_labels=TEXT, line_length=30)
    assert ax.get_title() == f"Forget gate, layer 0, unit {GATES.forget[0].std(axis=0).argmax()}"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"units": [0, 1]}, r"units must name one unit with line_length, got \[0, 1\]"),
        ({"units": [6]}, r"units must be numbers from 0 to 5, got \[6\]"),
        ({"step_labels": None}, "step_labels must be a text with line_length"),
        ({"step_labels": ["ab", "c"]}, "step_labels must be a text with line_length"),
        ({"line_length": 0}, "line_length must be a whole number of at least 1, got 0"),
    ],
)
def test_what_does_not_go_with_lines_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        plot_gates(GATES, **({"step_labels": TEXT, "line_length": 30} | options))
