"""`TextSamples`: texts that a model generates during training."""

from sklearn.base import clone
from text_models import SMALL, TEXT

from tsl import LSTMCharModel
from tsl.char_model import TextSamples


def test_samples_are_shown_on_the_way(capsys):
    LSTMCharModel(**SMALL, callbacks=[TextSamples(0.0, length=20, random_state=0)]).fit(TEXT)
    shown = capsys.readouterr().err
    assert shown.count("bits per character") == 6
    assert "--- epoch 6, " in shown
    model = LSTMCharModel(**SMALL, callbacks=[TextSamples(1e9)]).fit(TEXT)
    assert capsys.readouterr().err == ""
    assert isinstance(clone(model).callbacks[0], TextSamples)  # which has kept nothing of the model
