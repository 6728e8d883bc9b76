"""
A model that adapts while it reads
==================================

A text repeats itself. With ``adapt=True`` a character model takes small steps on the text that it has just scored, and
so learns the names in a scene that it has never seen.
"""

# %%
# A small network is trained on the first half of *Macbeth*, and then scores two pages of the last act, with and without
# adaptation.

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np

from tsl import LSTMCharModel
from tsl.datasets import load_macbeth

play = load_macbeth()
model = LSTMCharModel(hidden_size=64, max_iter=8, unknown="ignore", random_state=0).fit(play[:50_000])
scene = play[90_000:100_000]
plain, adapted = model.bits_per_char(scene), model.bits_per_char(scene, adapt=True)
print(f"{plain:.3f} bits per character, {adapted:.3f} with adaptation")

# %%
# The plot shows the gain, summed over the text. Each character is scored before any step on it, so nothing is leaked.

gain = (model.surprisal(scene) - model.surprisal(scene, adapt=True)) / np.log(2)
fig, ax = plt.subplots(figsize=(8, 3), layout="constrained")
ax.plot(np.cumsum(gain))
ax.axhline(0, color="0.7", linestyle=":")
ax.set(title="Bits saved by adaptation", xlabel="characters read", ylabel="total bits")
plt.show()

# %%
# The words with the largest gain, by the mean of their letters:

words, ends = [], [k for k, c in enumerate(scene) if not c.isalpha()]
for a, b in pairwise(ends):
    if b - a > 4:
        words.append((gain[a + 1 : b].mean(), scene[a + 1 : b]))
best = dict.fromkeys(word for _, word in sorted(words, reverse=True)[:15])
print(", ".join(best))
