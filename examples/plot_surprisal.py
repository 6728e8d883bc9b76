"""
Where a text surprises, and what a cell keeps
=============================================

A character model says how unexpected each character was. Seen over a page, that shows what it has understood; and the
cells of its memory show how.
"""

# %%
# A small network reads nine tenths of *Macbeth* twelve times. The rest it has never seen.

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
# `surprisal` gives the cost of each character. It is best asked of the text from its beginning, or at least from some
# way before the page that is shown, so that the model has something to go by.

begin = text.index("MACBETH.\nShe should have died hereafter")
page = text[begin:]
page = page[: page.index("\n\n")]
read = text[begin - 2000 : begin] + page
plot_surprisal(page, model.surprisal(read)[2000:], line_length=60)
plt.show()

# %%
# First letters of words are dark, and so is whatever a word does that few others do. The name of the speaker is pale:
# it is one of few. Over all that was held out, a letter costs most where a word begins:

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
ax.set(xlabel="place in the word", ylabel="bits", title="Mean surprisal of a letter")
plt.show()

# %%
# What does the model go by? `gates` tells what is in its cells after each character. One thing that it may count is how
# far it has come in the line, since a line is over at some time. Here is the cell whose state goes with that most:

passage = text[end - 20_000 : end]
cell = model.gates(passage)[0].cell[0]  # of layer 0: (characters, cells)
in_line = np.zeros(len(passage))
for k in range(1, len(passage)):
    in_line[k] = 0 if passage[k - 1] == "\n" else in_line[k - 1] + 1
correlation = np.array([np.corrcoef(in_line, states)[0, 1] for states in cell.T])
counter = int(np.abs(correlation).argmax())
print(f"cell {counter}: correlation {correlation[counter]:.2f}")

# %%
# Its state drifts along a line from one side to the other, and the end of the line sets it back. Nobody has told the
# model what a line is.

plot_gates(model.gates(page)[0], gate="cell", units=[counter], step_labels=page, line_length=60)
plt.show()
