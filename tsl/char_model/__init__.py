"""A character model of a text: `LSTMCharModel`."""

from tsl.char_model.model import LSTMCharModel
from tsl.char_model.showing import TextSamples
from tsl.char_model.states import TextState
from tsl.char_model.streaming import TextStream

__all__ = ["LSTMCharModel", "TextSamples", "TextState", "TextStream"]
