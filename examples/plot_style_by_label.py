"""
One model, several styles
=========================

Each text in a list may have a label. The model learns what all texts share, and what is specific to each
label.
"""

# %%
# Here half of the lines of *Macbeth* are written in capitals, and each line is labelled accordingly.

import matplotlib.pyplot as plt

from tsl import LSTMCharModel
from tsl.datasets import load_macbeth

lines = [line + "\n" for line in load_macbeth().splitlines() if len(line) > 20][:1200]
texts = [line.upper() if k % 2 else line.lower() for k, line in enumerate(lines)]
labels = ["capitals" if k % 2 else "small" for k in range(len(lines))]
model = LSTMCharModel(hidden_size=64, max_iter=4, random_state=0).fit(texts[:-100], labels=labels[:-100])
for label in ("small", "capitals"):
    print(model.generate("", 60, label=label, temperature=0.6, random_state=1, stop="\n"))

# %%
# Score held-out lines under the right and under the wrong label. The model relies on the label: under the wrong one,
# each character is unlikely, although the letters before it show how the line is written.

costs = {}
for name, flipped in (("right label", False), ("wrong label", True)):
    first, rest = [], []
    for text, label in zip(texts[-100:], labels[-100:]):
        other = "small" if label == "capitals" else "capitals"
        surprisal = model.surprisal(text, label=other if flipped else label)
        first.append(surprisal[1])
        rest.append(surprisal[2:].mean())
    costs[name] = [sum(first) / 100, sum(rest) / 100]

fig, ax = plt.subplots(figsize=(6, 3), layout="constrained")
for k, (name, values) in enumerate(costs.items()):
    ax.bar([place + 0.4 * k - 0.2 for place in range(2)], values, 0.4, label=name)
ax.set_xticks([0, 1], ["second character", "all after it"])
ax.set(title="The effect of the label", ylabel="nats per character")
ax.legend()
plt.show()
