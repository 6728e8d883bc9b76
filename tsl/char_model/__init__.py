"""A character model of a text: `LSTMCharModel`."""

from tsl.char_model.model import LSTMCharModel

__all__ = ["LSTMCharModel"]
