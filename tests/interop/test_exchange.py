"""Exchange of weights with PyTorch and Keras: their models give the same numbers, and ours train on with theirs."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import tsl
from tsl import LSTMCharModel, LSTMClassifier, LSTMRegressor
from tsl.baselines import Naive
from tsl.interop import from_keras_weights, from_torch_state_dict, to_keras_weights, to_torch_state_dict

RNG = np.random.default_rng(0)
X = RNG.normal(size=(30, 6, 2))
Y = X[:, -1, 0] - X[:, 0, 1]
LABELS = np.where(Y > 0, "up", "down")
TEXT = "when shall we three meet again " * 12
SMALL = {"hidden_size": 5, "max_iter": 2, "random_state": 0}
SIZES = [{}, {"hidden_size": (4, 4)}, {"hidden_size": (5, 3)}, {"bidirectional": True}]
SIZES += [{"hidden_size": (4, 4), "bidirectional": True}, {"hidden_size": (5, 3), "bidirectional": True}]


def regressor(**parameters):
    return LSTMRegressor(**(SMALL | {"scaling": None} | parameters)).fit(X, Y)


def char_model(**parameters):
    return LSTMCharModel(**(SMALL | parameters)).fit(TEXT)


WAYS = {
    "torch": (to_torch_state_dict, from_torch_state_dict),
    "keras": (to_keras_weights, from_keras_weights),
}


@pytest.fixture(params=WAYS)
def way(request):
    return WAYS[request.param]


# --- there and back -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("parameters", [*SIZES, {"dtype": "float64"}], ids=str)
def test_a_regressor_comes_back(way, parameters):
    give, take = way
    model = regressor(**parameters)
    unfitted = LSTMRegressor(**{key: parameters[key] for key in ("bidirectional", "dtype") if key in parameters})
    again = take(unfitted, give(model))
    assert_array_equal(again.predict(X), model.predict(X))
    assert_array_equal(again.predict(X[:, :3]), model.predict(X[:, :3]))
    assert again.hidden_size == model.hidden_size
    assert not hasattr(unfitted, "network_")


def test_scalings_are_given_beside_the_weights(way):
    give, take = way
    model = LSTMRegressor(**SMALL).fit(X * 50 + 7, np.stack([Y, 9 - Y], axis=1))
    scalings = {"input_scaling": model.input_scaling_, "target_scaling": model.target_scaling_}
    assert_array_equal(take(LSTMRegressor(), give(model), **scalings).predict(X), model.predict(X))


def test_quantiles_keep_their_number(way):
    give, take = way
    parameters = {"loss": "quantile", "quantiles": [0.1, 0.9]}
    model = regressor(**parameters)
    again = take(LSTMRegressor(**parameters), give(model))
    assert_array_equal(again.predict(X), model.predict(X))
    with pytest.raises(ValueError, match=r"quantiles=\[0.1, 0.5, 0.9\] do not divide the 2 outputs"):
        take(LSTMRegressor(loss="quantile", quantiles=[0.1, 0.5, 0.9]), give(model))


def test_a_classifier_comes_back(way):
    give, take = way
    model = LSTMClassifier(**SMALL, scaling=None).fit(X, LABELS)
    again = take(LSTMClassifier(), give(model), classes=["down", "up"])
    assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    assert_array_equal(again.predict(X), model.predict(X))


def test_segments_are_said_by_the_estimator(way):
    give, take = way
    model = LSTMClassifier(**SMALL, scaling=None, segment=4).fit(X, LABELS)
    again = take(LSTMClassifier(segment=4), give(model), classes=["down", "up"])
    assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    assert again.n_channels_in_ == 2
    with pytest.raises(ValueError, match="segment=3 does not divide the 8 inputs of the weights"):
        take(LSTMClassifier(segment=3), give(model), classes=["down", "up"])


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"encoding": "onehot"},
        {"windowed": True, "window": 6},
        {"encoding": "scalar", "window": 6},
        {"tokens": "byte"},
    ],
    ids=str,
)
def test_a_character_model_comes_back(way, parameters):
    give, take = way
    model = char_model(**parameters)
    characters = None if model.tokens == "byte" else "".join(model.classes_)
    again = take(LSTMCharModel(**parameters), give(model), characters=characters)
    contexts = ["when sh", "again w"]
    assert_array_equal(again.predict_proba(contexts), model.predict_proba(contexts))
    assert again.generate("when ", length=20, temperature=0) == model.generate("when ", length=20, temperature=0)


@pytest.mark.parametrize("encoding", ["embedding", "onehot"])
def test_codes_may_be_in_another_order(way, encoding):
    give, take = way
    model = char_model(encoding=encoding)
    characters = "".join(RNG.permutation(model.classes_))
    order = [list(model.classes_).index(character) for character in characters]
    with model.network_.editing() as params:
        named = model.network_.named(params)
        for array in (named["embedding.w" if encoding == "embedding" else "lstm_0.w_in"], named["head.b_out"]):
            array[:] = array[order]
        named["head.w_out"][:] = named["head.w_out"][:, order]
    original = char_model(encoding=encoding)
    again = take(LSTMCharModel(encoding=encoding), give(model), characters=characters)
    assert_array_equal(again.predict_proba(["when sh"]), original.predict_proba(["when sh"]))


def test_training_goes_on_and_files_hold_it(way, tmp_path):
    give, take = way
    model = take(LSTMRegressor(random_state=0), give(regressor()))
    before = model.score(X, Y)
    for _ in range(20):
        model.partial_fit(X, Y)
    assert model.score(X, Y) > before
    tsl.save(model, tmp_path / "model.tsl")
    assert_array_equal(tsl.load(tmp_path / "model.tsl").predict(X), model.predict(X))
    text = take(LSTMCharModel(random_state=0), give(char_model()), characters="".join(sorted(set(TEXT))))
    before = text.score(TEXT)
    text.partial_fit(TEXT).partial_fit(TEXT)
    assert text.score(TEXT) > before
    tsl.save(text, tmp_path / "text.tsl")
    assert tsl.load(tmp_path / "text.tsl").score(TEXT) == text.score(TEXT)


# --- the real packages ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("parameters", SIZES, ids=str)
def test_pytorch_gives_the_same(parameters):
    torch = pytest.importorskip("torch", reason="PyTorch is no dependency")
    model = regressor(**parameters)
    state = {name: torch.from_numpy(array) for name, array in to_torch_state_dict(model).items()}
    sizes = model.hidden_size if isinstance(model.hidden_size, tuple) else (model.hidden_size,)
    directions = 1 + model.bidirectional

    class Module(torch.nn.Module):
        def __init__(self):
            super().__init__()
            options = {"batch_first": True, "bidirectional": model.bidirectional}
            if len(set(sizes)) == 1:
                self.lstm = torch.nn.LSTM(2, sizes[0], len(sizes), **options)
            else:
                inputs = [2, *(directions * size for size in sizes[:-1])]
                self.lstm = torch.nn.ModuleList(torch.nn.LSTM(n, size, **options) for n, size in zip(inputs, sizes))
            self.head = torch.nn.Linear(directions * sizes[-1], 1)

        def forward(self, x):
            for lstm in self.lstm if isinstance(self.lstm, torch.nn.ModuleList) else [self.lstm]:
                x, (hidden, _) = lstm(x)
            return self.head(torch.cat(list(hidden[-directions:]), dim=1))

    module = Module()
    module.load_state_dict(state)
    found = module(torch.from_numpy(X.astype(np.float32))).detach().numpy()[:, 0]
    assert_allclose(found, model.predict(X), rtol=1e-4, atol=1e-6)
    # and their own weights, with two biases, come here
    torch.manual_seed(0)
    theirs = Module()
    expected = theirs(torch.from_numpy(X.astype(np.float32))).detach().numpy()[:, 0]
    assert_allclose(
        from_torch_state_dict(LSTMRegressor(), theirs.state_dict()).predict(X), expected, rtol=1e-4, atol=1e-6
    )


of_keras = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@of_keras
@pytest.mark.parametrize("parameters", SIZES, ids=str)
def test_keras_gives_the_same(parameters):
    keras = pytest.importorskip("keras", reason="Keras is no dependency")
    model = regressor(**parameters)
    sizes = model.hidden_size if isinstance(model.hidden_size, tuple) else (model.hidden_size,)

    def layer(size, is_last):
        lstm = keras.layers.LSTM(size, return_sequences=not is_last)
        return keras.layers.Bidirectional(lstm) if model.bidirectional else lstm

    layers = [layer(size, k == len(sizes) - 1) for k, size in enumerate(sizes)]
    theirs = keras.Sequential([keras.Input((None, 2)), *layers, keras.layers.Dense(1)])
    own = theirs.get_weights()
    expected = theirs.predict(X, verbose=0)[:, 0]
    found = from_keras_weights(LSTMRegressor(bidirectional=model.bidirectional), own)
    assert_allclose(found.predict(X), expected, rtol=1e-4, atol=1e-6)
    theirs.set_weights(to_keras_weights(model))
    assert_allclose(theirs.predict(X, verbose=0)[:, 0], model.predict(X), rtol=1e-4, atol=1e-6)


@of_keras
def test_the_article_s_model_comes_from_keras():
    keras = pytest.importorskip("keras", reason="Keras is no dependency")
    characters = sorted(set(TEXT))
    codes = np.array([characters.index(character) for character in TEXT])
    windows = np.lib.stride_tricks.sliding_window_view(codes, 10)[:5, :, None] / len(characters)
    layers = [keras.layers.LSTM(8, return_sequences=True), keras.layers.Dropout(0.2), keras.layers.LSTM(8)]
    dense = keras.layers.Dense(len(characters), activation="softmax")
    theirs = keras.Sequential([keras.Input((10, 1)), *layers, keras.layers.Dropout(0.2), dense])
    unfitted = LSTMCharModel(encoding="scalar", window=10)
    model = from_keras_weights(unfitted, theirs.get_weights(), characters="".join(characters))
    found = model.predict_proba([TEXT[k : k + 10] for k in range(5)])
    assert_allclose(found, theirs.predict(windows, verbose=0), rtol=1e-4)


# --- what does not fit ----------------------------------------------------------------------------------------------


def without(key, state):
    return {name: array for name, array in state.items() if name != key}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda state: without("lstm.weight_hh_l0", state), "state_dict must have 'lstm.weight_hh_l0'"),
        (lambda state: without("head.bias", state), "a weight and a bias of one linear layer"),
        (lambda state: state | {"more.weight": np.zeros((3, 2))}, "an embedding, which LSTMRegressor"),
        (lambda state: state | {"a.weight": np.zeros(3), "b.weight": np.zeros(3)}, "at most one embedding"),
        (
            lambda state: state | {"head.weight": np.zeros((1, 9))},
            r"head.w_out of the network must have shape \(5, 1\)",
        ),
        (lambda state: state | {"lstm.bias_ih_l0": np.zeros(3)}, r"'lstm.bias_ih_l0'\] must have shape \(20,\)"),
        (lambda state: state | {"head.bias": np.array([np.nan])}, "'head.bias' must hold finite numbers"),
        (lambda state: state | {"head.bias": np.array([1])}, "floating point, got dtype int64"),
        (lambda state: {"head.weight": state["head.weight"]}, "must have entries of an LSTM"),
    ],
)
def test_a_state_dict_that_does_not_fit_is_refused(change, words):
    with pytest.raises(ValueError, match=words):
        from_torch_state_dict(LSTMRegressor(), change(to_torch_state_dict(regressor())))


def test_biases_may_be_missing():
    state = to_torch_state_dict(regressor())
    plain = {name: array for name, array in state.items() if "bias_ih" not in name and "bias_hh" not in name}
    found = from_torch_state_dict(LSTMRegressor(), plain)
    assert not found.network_.named()["lstm_0.bias"].any()


@pytest.mark.parametrize("n", [0, 2, 4, 6])
def test_lists_of_the_wrong_length_are_refused(n):
    weights = to_keras_weights(regressor())
    with pytest.raises(ValueError, match="weights must"):
        from_keras_weights(LSTMRegressor(), (weights + weights)[:n])


def test_arguments_that_are_missing_or_of_other_estimators_are_named():
    state, text = to_torch_state_dict(regressor()), to_torch_state_dict(char_model())
    labels = to_torch_state_dict(LSTMClassifier(**SMALL, scaling=None).fit(X, LABELS))
    for estimator, weights, given, words in [
        (LSTMRegressor(), state, {"classes": [1]}, "classes must be None for LSTMRegressor"),
        (LSTMRegressor(), state, {"input_scaling": (0, [1, 2, 3])}, r"input_scaling must be \(mean, scale\)"),
        (LSTMRegressor(), state, {"target_scaling": (0, 0)}, "scales above 0"),
        (LSTMRegressor(n_channels=3), state, {}, "n_channels=3 does not match the weights, which have 2"),
        (LSTMClassifier(), labels, {}, "classes must name the 2 outputs"),
        (LSTMClassifier(), labels, {"classes": ["up", "down"]}, "in ascending order"),
        (LSTMCharModel(), text, {}, "characters must be a str of the"),
        (LSTMCharModel(), text, {"characters": "aa"}, "characters must be a str of the"),
        (
            LSTMCharModel(encoding="onehot"),
            text,
            {},
            "encoding='onehot' does not match weights that have an embedding",
        ),
    ]:
        with pytest.raises(ValueError, match=words):
            from_torch_state_dict(estimator, weights, **given)
    labelled = LSTMCharModel(**SMALL).fit([TEXT, TEXT], labels=["a", "b"])
    for give in (to_torch_state_dict, to_keras_weights):
        with pytest.raises(ValueError, match="estimator must be fitted without labels, .* with 2 labels"):
            give(labelled)
    with pytest.raises(TypeError, match="estimator must be an LSTMRegressor, .* got Naive"):
        from_torch_state_dict(Naive(), state)
    with pytest.raises(TypeError, match="estimator must be an LSTMRegressor, .* got Naive"):
        to_keras_weights(Naive())
