"""Character-level language model: `LSTMCharModel`."""

from tsl.char_model.adaptation import Adaptation
from tsl.char_model.model import LSTMCharModel
from tsl.char_model.text_samples import TextSamples
from tsl.char_model.text_state import TextState
from tsl.char_model.text_stream import TextStream

__all__ = ["Adaptation", "LSTMCharModel", "TextSamples", "TextState", "TextStream"]
