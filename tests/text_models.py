"""Texts, and parameters of small text models."""

from tsl import LSTMCharModel
from tsl.datasets import load_macbeth

TEXT = load_macbeth()[1_000:4_000]
OTHER = "".join(character for character in load_macbeth()[40_000:40_300] if character in TEXT)
QUESTION = "to be or not to be, that is the question: " * 20
FRENCH = "être où ne pas être, voilà la question… " * 20
SMALL = {"hidden_size": 24, "max_iter": 6, "random_state": 0, "n_threads": 1}


def tiny():
    return LSTMCharModel(hidden_size=4, max_iter=1, random_state=0)
