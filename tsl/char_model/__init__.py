"""A character model of a text: `LSTMCharModel`."""

from tsl.char_model.model import LSTMCharModel
from tsl.char_model.showing import TextSamples

__all__ = ["LSTMCharModel", "TextSamples"]
