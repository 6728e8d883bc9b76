"""
Which characters open the forget gate
=====================================

A cell of an LSTM keeps its state as long as its forget gate is open. Here a small network learns *Macbeth*, and we
look at which characters close its gates.
"""

# %%
# Twelve epochs are enough for this. The last tenth is held out; its cross-entropy in bits per character:

import matplotlib.pyplot as plt
import numpy as np

from tsl import LSTMCharModel
from tsl.datasets import load_macbeth
from tsl.plotting import plot_gates

text = load_macbeth()
end = len(text) * 9 // 10
model = LSTMCharModel(hidden_size=96, max_iter=12, unknown="ignore", random_state=0).fit(text[:end])
print(f"{model.bits_per_char(text[end:]):.2f} bits")

# %%
# `gates` returns the activations of all gates for a text. Averaged over all cells, the forget gate is most open, so
# that most is remembered, inside a word. It closes furthest at full stops, line ends and spaces: what came
# before the end of a word matters less for what follows. Only characters that occur at least a hundred times are shown.

passage = text[20_000:40_000]
forget = model.gates(passage)[0].forget[0]  # of layer 0: (characters, cells)

characters, which, counts = np.unique(list(passage), return_inverse=True, return_counts=True)
openness = np.bincount(which, forget.mean(axis=1)) / counts
common = np.flatnonzero(counts >= 100)
common = common[np.argsort(openness[common])]

fig, ax = plt.subplots(figsize=(9, 3), layout="constrained")
ax.bar([repr(str(characters[k]))[1:-1].replace(" ", "␣") for k in common], openness[common])
ax.set(ylabel="mean forget gate", title="How open the forget gate is after each character")
ax.tick_params(axis="x", labelsize="small")
plt.show()

# %%
# The mean hides a division of work between cells. For each cell, how far does its gate close at the end of a line,
# compared with everywhere else? Some cells forget exactly there; others keep their state across lines.

line_end = np.array(list(passage)) == "\n"
drop = forget[~line_end].mean(axis=0) - forget[line_end].mean(axis=0)
line_cells = np.argsort(drop)[::-1][:8]
print("they close by", np.round(drop[line_cells], 2))

# %%
# The plot shows these cells, character by character; light means open. The dark columns are the ends of lines; some of
# the cells also distinguish a speaker's name, in capitals, from the speech.

start = passage.index("\n\n")  # where a speech begins
line = passage[start : start + 90]
fig, ax = plt.subplots(figsize=(12, 2.6), layout="constrained")
plot_gates(model.gates(line)[0], gate="forget", units=line_cells, step_labels=line, ax=ax)
plt.show()
