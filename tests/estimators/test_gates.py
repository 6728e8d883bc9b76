"""`gates`: the activations inside the network."""

import numpy as np
from numpy.testing import assert_allclose
from regressor_problem import X, Y, small


def test_gates_follow_the_equations_up_to_the_prediction():
    model = small(dtype="float64").fit(X, Y)
    (gates,) = model.gates(X)
    before = np.concatenate([np.zeros((30, 1, 4)), gates.cell[:, :-1]], axis=1)
    assert_allclose(gates.cell, gates.forget * before + gates.input * gates.candidate, atol=1e-14)
    assert_allclose(gates.hidden, gates.output * np.tanh(gates.cell), atol=1e-14)
    head = model.network_.named()
    scaled = gates.hidden[:, -1] @ head["head.w_out"] + head["head.b_out"]
    assert_allclose(model.target_scaling_.undo(scaled)[:, 0], model.predict(X), rtol=1e-12)


def test_gates_of_every_layer_and_direction():
    gates = small(hidden_size=(4, 3), bidirectional=True).fit(X, Y).gates(X[:5])
    layers = [(entry.layer, entry.direction, entry.forget.shape) for entry in gates]
    assert layers == [
        (0, "forward", (5, 6, 4)),
        (0, "reverse", (5, 6, 4)),
        (1, "forward", (5, 6, 3)),
        (1, "reverse", (5, 6, 3)),
    ]


def test_gates_are_zero_beyond_a_window():
    (gates,) = small().fit(X, Y).gates([X[0], X[1, :2]])
    assert (gates.forget[1, :2] > 0).all()
    assert not gates.forget[1, 2:].any()
