"""
The adding problem
==================

Each sequence has about a hundred pairs of a random number and a marker. Two of the numbers are marked, both in the
first half, and the network has to output their sum at the end. This requires a memory of a hundred steps, which is why
Hochreiter and Schmidhuber (1997, experiment 4) tested the LSTM with it. Their network solved it for T = 100 after
74,000 sequences.
"""

import matplotlib.pyplot as plt
import numpy as np

from tsl import LSTMRegressor

STEPS, SEQUENCES, TEST_SEQUENCES = 100, 74_000, 2_560
TOLERANCE = 0.04


# %%
# The data
# --------
# Sequences are 100 to 110 steps long. The markers are -1 at both ends, 1 at one of the first ten steps and at another
# of the first 49, and 0 elsewhere; if the first number is marked it counts as 0. The target 0.5 + (sum) / 4 lies
# between 0 and 1.


def adding_problem(n, random):
    """Return sequences (T_i, 2) and their targets."""
    sequences, targets = [], np.empty(n)
    for i in range(n):
        length = random.integers(STEPS, STEPS + STEPS // 10 + 1)
        sequence = np.zeros((length, 2))
        sequence[:, 0] = random.uniform(-1, 1, length)
        first = random.integers(10)
        second = random.choice(np.delete(np.arange(STEPS // 2 - 1), first))
        marked = [first, second]
        sequence[[0, -1], 1] = -1
        sequence[marked, 1] = 1
        targets[i] = 0.5 + sum(sequence[k, 0] for k in marked if k > 0) / 4
        sequences.append(sequence)
    return sequences, targets


random = np.random.default_rng(0)
X, y = adding_problem(SEQUENCES, random)
X_test, y_test = adding_problem(TEST_SEQUENCES, random)

# %%
# The model
# ---------
# Each sequence is seen once, in batches of four. With ``forget_bias="chrono"`` (Tallec & Ollivier 2018) some units
# start with a memory as long as the sequences; with the usual bias of 1 a unit keeps 73 % per step, so after a hundred
# steps nothing is left to learn from.

model = LSTMRegressor(
    hidden_size=32,
    forget_bias="chrono",
    batch_size=4,
    learning_rate_init=5e-3,
    max_iter=1,
    alpha=0.0,
    random_state=0,
)
model.fit(X, y)

# %%
# A sequence counts as solved if the error is at most 0.04.

errors = np.abs(model.predict(X_test) - y_test)
n_wrong = int(np.sum(errors > TOLERANCE))
print(f"{len(X):,} sequences seen, {n_wrong} of {len(X_test):,} test sequences off by more than {TOLERANCE}")

figure, ax = plt.subplots()
ax.hist(errors, bins=np.linspace(0, 2 * TOLERANCE, 60))
ax.axvline(TOLERANCE, color="black", linestyle=":")
ax.set(xlabel="error", ylabel="test sequences", title="The adding problem, 100 steps")
plt.show()
