"""Small text models, saved and loaded."""

from numpy.testing import assert_array_equal

from tsl import LSTMCharModel
from tsl.persistence import load, save

TEXT = "When shall we three meet again?\nIn thunder, lightning, or in rain? " * 12


def fitted(text=TEXT, **parameters):
    parameters = {"hidden_size": 8, "max_iter": 2, "random_state": 0, "unknown": "ignore"} | parameters
    return LSTMCharModel(**parameters).fit(text)


def there_and_back(model, path):
    save(model, path)
    return load(path)


def assert_same(one, other):
    """Predictions, all parameters of the network and all that was learned."""
    assert type(one) is type(other)
    assert_array_equal(one.surprisal(TEXT), other.surprisal(TEXT))
    assert_array_equal(one.predict_proba(["", "When ", TEXT]), other.predict_proba(["", "When ", TEXT]))
    assert_array_equal(one.network_.params, other.network_.params)
    for name in ("loss", "val_loss", "learning_rate", "grad_norm", "n_steps", "best_iter", "stopped_by"):
        assert_array_equal(getattr(one.history_, name), getattr(other.history_, name))
    assert one.classes_.tolist() == other.classes_.tolist()
    assert one.classes_.dtype == other.classes_.dtype
    assert one.class_count_.tolist() == other.class_count_.tolist()
