"""
Which characters open the forget gate
=====================================

A cell of an LSTM keeps its state as far as its forget gate is open. Here a small network learns *Macbeth*, and we
look at what closes its gates.
"""

# %%
# Twelve readings of the play are enough for this. Its last tenth is held out, and costs this many bits a character:

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
# `gates` reads a text and tells what happened inside. Averaged over all cells, the gate is most open, so that most is
# remembered, inside a word; spaces, full stops, line ends and commas shut it furthest: what came before a word's end
# matters less to what follows. Only characters that come a hundred times are shown.

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
# The mean hides that cells divide the work. For each cell, how far does its gate shut at the end of a line, compared
# with everywhere else? Some cells drop what they hold exactly there; others keep it across lines.

line_end = np.array(list(passage)) == "\n"
drop = forget[~line_end].mean(axis=0) - forget[line_end].mean(axis=0)
line_cells = np.argsort(drop)[::-1][:8]
print("they shut by", np.round(drop[line_cells], 2))

# %%
# These cells, character by character: light is open. The dark columns are the ends of lines; some of the cells also
# tell a speaker's name, in capitals, from what is spoken.

start = passage.index("\n\n")  # where somebody begins to speak
line = passage[start : start + 90]
fig, ax = plt.subplots(figsize=(12, 2.6), layout="constrained")
plot_gates(model.gates(line)[0], gate="forget", units=line_cells, step_labels=line, ax=ax)
plt.show()
