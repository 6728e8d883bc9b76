"""Text as numbers: characters to codes and back, and windows of codes with the character that follows."""

from tsl.text.files import read_text
from tsl.text.vocabulary import CharVocabulary
from tsl.text.window import CharWindow

__all__ = ["CharVocabulary", "CharWindow", "read_text"]
