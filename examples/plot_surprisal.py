"""
Surprisal of a text, and what a cell counts
===========================================

A character model measures how unexpected each character is. Over a page, this shows what the model has learned; and the
states of its cells show how it keeps track.
"""

# %%
# A small network is trained on nine tenths of *Macbeth* for twelve epochs. The rest is held out.

import matplotlib.pyplot as plt
import numpy as np

from tsl import LSTMCharModel
from tsl.datasets import load_macbeth
from tsl.plotting import plot_gates, plot_surprisal

text = load_macbeth()
end = len(text) * 9 // 10
model = LSTMCharModel(hidden_size=96, max_iter=12, unknown="ignore", random_state=0).fit(text[:end])
print(f"{model.bits_per_char(text[end:]):.2f} bits per character")

# %%
# `surprisal` returns the negative log-likelihood of each character. Pass the text from its beginning, or at least
# from well before the page that is shown, so that the model has some context.

begin = text.index("MACBETH.\nShe should have died hereafter")
page = text[begin:]
page = page[: page.index("\n\n")]
read = text[begin - 2000 : begin] + page
plot_surprisal(page, model.surprisal(read)[2000:], line_length=60)
plt.show()

# %%
# First letters of words are dark, and so are rare continuations. The names of speakers are pale, because there are only
# a few. In the whole held-out text, the first letter of a word has the highest surprisal:

held_out = text[end:]
bits = model.surprisal(held_out) / np.log(2)
characters = np.array(list(held_out))
letters = np.char.isalpha(characters)
place = np.zeros(len(held_out), int)  # in the word
for k in range(1, len(held_out)):
    place[k] = place[k - 1] + 1 if letters[k - 1] else 0
costs = [bits[letters & (place == k)].mean() for k in range(8)]

fig, ax = plt.subplots(figsize=(6, 3), layout="constrained")
ax.bar(range(1, 9), costs)
ax.set(xlabel="position in the word", ylabel="bits", title="Mean surprisal of a letter")
plt.show()

# %%
# How does the model do it? `gates` returns the states of its cells after each character. One thing that a cell may
# count is the position in the line, because lines have a limited length. Here is the cell whose state correlates with
# it most:

passage = text[end - 20_000 : end]
cell = model.gates(passage)[0].cell[0]  # of layer 0: (characters, cells)
in_line = np.zeros(len(passage))
for k in range(1, len(passage)):
    in_line[k] = 0 if passage[k - 1] == "\n" else in_line[k - 1] + 1
correlation = np.array([np.corrcoef(in_line, states)[0, 1] for states in cell.T])
counter = int(np.abs(correlation).argmax())
print(f"cell {counter}: correlation {correlation[counter]:.2f}")

# %%
# Its state drifts in one direction along a line, and the end of the line resets it. The model was never told what a
# line is.

plot_gates(model.gates(page)[0], gate="cell", units=[counter], step_labels=page, line_length=60)
plt.show()
