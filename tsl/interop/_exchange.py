"""Exchange of weights with PyTorch and Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from tsl._estimator.scaling import Scaling, no_scaling
from tsl.char_model import LSTMCharModel
from tsl.classifier import LSTMClassifier
from tsl.interop._weights import Weights, check_no_labels, from_keras, from_torch_state, keras_weights, torch_state
from tsl.network import Architecture
from tsl.regressor import LSTMRegressor
from tsl.text import CharVocabulary

Estimator = TypeVar("Estimator", LSTMRegressor, LSTMClassifier, LSTMCharModel)
Means = tuple[ArrayLike, ArrayLike]


def to_torch_state_dict(estimator: LSTMRegressor | LSTMClassifier | LSTMCharModel) -> dict[str, NDArray[Any]]:
    """Return the weights of a fitted estimator under PyTorch's names.

    They are for a module with the attributes ``lstm``, an ``nn.LSTM``, and ``head``, an ``nn.Linear`` on the last
    hidden states (for a character model, on every step); for a character model with embeddings also ``embedding``, an
    ``nn.Embedding``. If layers differ in size, ``lstm`` is an ``nn.ModuleList`` with an ``nn.LSTM`` for each layer. For
    a classifier that reads segments, ``lstm`` reads all channels of a segment's first step, then those of the next one,
    and so on.

    Parameters
    ----------
    estimator : LSTMRegressor, LSTMClassifier or LSTMCharModel
        A fitted estimator. Its scaling is not part of the weights: see `input_scaling_` and `target_scaling_`.

    Returns
    -------
    state_dict : dict of str to ndarray
        Copies, for ``load_state_dict({name: torch.from_numpy(array) for name, array in state_dict.items()})``.
        ``bias_hh`` is 0, as `tsl` has only one bias.

    Raises
    ------
    TypeError
        If the estimator has no such network.
    ValueError
        If it is a character model that was fitted with labels.
    sklearn.exceptions.NotFittedError
        If it is not fitted.

    Examples
    --------
    >>> import numpy as np
    >>> from tsl import LSTMRegressor
    >>> from tsl.interop import to_torch_state_dict
    >>> X = np.random.default_rng(0).normal(size=(50, 6, 2))
    >>> model = LSTMRegressor(hidden_size=4, max_iter=1, random_state=0).fit(X, X[:, -1, 0])
    >>> {name: array.shape for name, array in to_torch_state_dict(model).items() if "weight" in name}
    {'lstm.weight_ih_l0': (16, 2), 'lstm.weight_hh_l0': (16, 4), 'head.weight': (1, 4)}
    """
    return torch_state(_fitted(estimator).network_)


def from_torch_state_dict(
    estimator: Estimator,
    state_dict: Mapping[str, Any],
    *,
    classes: ArrayLike | None = None,
    characters: str | None = None,
    input_scaling: Means | None = None,
    target_scaling: Means | None = None,
) -> Estimator:
    """Return an estimator with weights that were trained with PyTorch.

    Parameters
    ----------
    estimator : LSTMRegressor, LSTMClassifier or LSTMCharModel
        The estimator to copy; it is not changed. Its parameters determine how training would continue, and `segment`
        how many steps the weights read at a time ("auto" means one step).
    state_dict : mapping of str to ndarray or tensor
        Entries of ``nn.LSTM`` (``weight_ih_l0``, ``weight_hh_l0``, with or without biases, which are added; further
        layers, ``_reverse``) after any prefix, of one ``nn.Linear`` and, for a character model, optionally of an
        ``nn.Embedding``. Several ``nn.LSTM`` are layers in the given order.
    classes : array-like of shape (n_classes,), optional
        For a classifier: the label of each output of the linear layer.
    characters : str, optional
        For a character model: the character of each code.
    input_scaling, target_scaling : tuple of (mean, scale), optional
        The scaling that the network was trained with: ``(X - mean) / scale`` by channel, and ``(y - mean) / scale``.
        Default: no scaling.

    Returns
    -------
    estimator : LSTMRegressor, LSTMClassifier or LSTMCharModel
        A fitted copy, with `hidden_size` and `bidirectional` set from the weights. It predicts, continues training with
        `partial_fit` or ``warm_start=True``, and can be saved.

    Raises
    ------
    TypeError
        If the estimator is of another kind.
    ValueError
        If an entry is missing or left over or has a shape that does not match the others, or if `classes`, `characters`
        or `segment` is missing or does not match the number of outputs or inputs of the weights.

    Examples
    --------
    >>> import numpy as np
    >>> from tsl import LSTMRegressor
    >>> from tsl.interop import from_torch_state_dict, to_torch_state_dict
    >>> X = np.random.default_rng(0).normal(size=(50, 6, 2))
    >>> model = LSTMRegressor(hidden_size=4, max_iter=1, scaling=None, random_state=0).fit(X, X[:, -1, 0])
    >>> again = from_torch_state_dict(LSTMRegressor(), to_torch_state_dict(model))
    >>> again.hidden_size, bool((again.predict(X) == model.predict(X)).all())
    (4, True)
    """
    weights = from_torch_state(state_dict)
    return _with_weights(estimator, weights, classes, characters, input_scaling, target_scaling)


def to_keras_weights(estimator: LSTMRegressor | LSTMClassifier | LSTMCharModel) -> list[NDArray[Any]]:
    """Return the weights of a fitted estimator in the order of a Keras model's ``set_weights``.

    The model has an ``Embedding`` if the estimator uses embeddings of characters, then an ``LSTM`` or a
    ``Bidirectional`` ``LSTM`` for each layer, and a ``Dense`` layer.

    Parameters
    ----------
    estimator : LSTMRegressor, LSTMClassifier or LSTMCharModel
        A fitted estimator. Its scaling is not part of the weights: see `input_scaling_` and `target_scaling_`.

    Returns
    -------
    weights : list of ndarray
        Copies.

    Raises
    ------
    TypeError
        If the estimator has no such network.
    ValueError
        If it is a character model that was fitted with labels.
    sklearn.exceptions.NotFittedError
        If it is not fitted.

    Examples
    --------
    >>> import numpy as np
    >>> from tsl import LSTMRegressor
    >>> from tsl.interop import to_keras_weights
    >>> X = np.random.default_rng(0).normal(size=(50, 6, 2))
    >>> model = LSTMRegressor(hidden_size=4, max_iter=1, random_state=0).fit(X, X[:, -1, 0])
    >>> [array.shape for array in to_keras_weights(model)]
    [(2, 16), (4, 16), (16,), (4, 1), (1,)]
    """
    return keras_weights(_fitted(estimator).network_)


def from_keras_weights(
    estimator: Estimator,
    weights: Sequence[Any],
    *,
    classes: ArrayLike | None = None,
    characters: str | None = None,
    input_scaling: Means | None = None,
    target_scaling: Means | None = None,
) -> Estimator:
    """Return an estimator with weights that were trained with Keras.

    Parameters
    ----------
    estimator : LSTMRegressor, LSTMClassifier or LSTMCharModel
        The estimator to copy; it is not changed. Its parameters determine how training would continue, whether layers
        are `bidirectional`, and `segment` how many steps the weights read at a time ("auto" means one step).
    weights : sequence of ndarray
        The result of ``model.get_weights()`` for a model of an optional ``Embedding``, ``LSTM`` layers with biases, and
        a ``Dense`` layer. Activations must be Keras' defaults; that of the last layer is linear for a regressor, and
        softmax otherwise.
    classes : array-like of shape (n_classes,), optional
        As in `from_torch_state_dict`, like the next three.
    characters : str, optional
        The character of each code.
    input_scaling, target_scaling : tuple of (mean, scale), optional
        The scaling that the network was trained with.

    Returns
    -------
    estimator : LSTMRegressor, LSTMClassifier or LSTMCharModel
        A fitted copy, as from `from_torch_state_dict`.

    Raises
    ------
    TypeError, ValueError
        As in `from_torch_state_dict`.

    Examples
    --------
    >>> import numpy as np
    >>> from tsl import LSTMRegressor
    >>> from tsl.interop import from_keras_weights, to_keras_weights
    >>> X = np.random.default_rng(0).normal(size=(50, 6, 2))
    >>> model = LSTMRegressor(hidden_size=4, max_iter=1, random_state=0).fit(X, X[:, -1, 0])
    >>> scalings = {"input_scaling": model.input_scaling_, "target_scaling": model.target_scaling_}
    >>> again = from_keras_weights(LSTMRegressor(), to_keras_weights(model), **scalings)
    >>> bool((again.predict(X) == model.predict(X)).all())
    True
    """
    found = from_keras(weights, bool(getattr(_known(estimator), "bidirectional", False)))
    return _with_weights(estimator, found, classes, characters, input_scaling, target_scaling)


# --- estimators -----------------------------------------------------------------------------------------------------


def _known(estimator: Any) -> Any:
    """Check that an estimator has a network of layers and a head, and return it."""
    if not isinstance(estimator, (LSTMRegressor, LSTMClassifier, LSTMCharModel)):
        kind = type(estimator).__name__
        raise TypeError(f"estimator must be an LSTMRegressor, LSTMClassifier or LSTMCharModel, got {kind}")
    return estimator


def _fitted(estimator: Any) -> Any:
    check_is_fitted(_known(estimator))
    check_no_labels(estimator, "the layers of PyTorch and Keras")
    return estimator


def _with_weights(
    estimator: Estimator,
    weights: Weights,
    classes: ArrayLike | None,
    characters: str | None,
    input_scaling: Means | None,
    target_scaling: Means | None,
) -> Estimator:
    """Return a fitted copy of an estimator with these weights."""
    model = clone(_known(estimator))
    only: dict[str, tuple[Any, Any]] = {
        "classes": (classes, LSTMClassifier),
        "characters": (characters, LSTMCharModel),
        "input_scaling": (input_scaling, (LSTMRegressor, LSTMClassifier)),
        "target_scaling": (target_scaling, LSTMRegressor),
    }
    for name, (given, kinds) in only.items():
        if given is not None and not isinstance(model, kinds):
            raise ValueError(f"{name} must be None for {type(model).__name__}, got {given!r}")
    sizes = weights.hidden_sizes
    model.set_params(hidden_size=sizes[0] if len(sizes) == 1 else sizes)
    if isinstance(model, LSTMCharModel):
        return _char_model(model, weights, characters)
    return _window_model(model, weights, classes, input_scaling, target_scaling)


def _window_model(
    model: Any, weights: Weights, classes: Any, input_scaling: Means | None, target_scaling: Means | None
) -> Any:
    """Return a regressor or classifier with these weights; windows may have any length."""
    if weights.n_embedded:
        raise ValueError(f"the weights have an embedding, which {type(model).__name__} does not have")
    segment = _segment(model)
    n_channels, left_over = divmod(weights.n_inputs, segment)
    if left_over:
        raise ValueError(f"segment={segment} does not divide the {weights.n_inputs} inputs of the weights")
    n_outputs = weights.n_outputs
    if model.n_channels not in (None, n_channels):
        raise ValueError(f"n_channels={model.n_channels} does not match the weights, which have {n_channels}")
    model.set_params(bidirectional=weights.bidirectional)
    if isinstance(model, LSTMClassifier):
        model.classes_ = _checked_classes(classes, n_outputs)
    else:
        n_targets, left_over = divmod(n_outputs, max(1, len(model._levels())))
        if left_over:
            raise ValueError(f"quantiles={model.quantiles!r} do not divide the {n_outputs} outputs of the weights")
        model.n_outputs_, model._single_output = n_targets, n_targets == 1
        model.target_scaling_ = _scaling(target_scaling, n_targets, "target_scaling")
    model.n_timesteps_in_, model.n_channels_in_ = None, n_channels
    model.columns_, model._may_be_columns = None, False
    model.input_scaling_ = _scaling(input_scaling, n_channels, "input_scaling")
    sizes = weights.hidden_sizes
    architecture = Architecture(n_channels, sizes, n_outputs, weights.bidirectional, segment=segment)
    model._adopt(architecture, weights.named, model.dtype)
    return model


def _segment(model: Any) -> int:
    """Return how many steps the weights read at a time, which the weights themselves do not show."""
    segment = getattr(model, "segment", 1)
    return 1 if segment == "auto" else int(segment)


def _checked_classes(classes: Any, n_outputs: int) -> NDArray[Any]:
    """Check that the labels match the outputs and are in ascending order, and return them."""
    given = None if classes is None else np.asarray(classes)
    if given is None or given.shape != (n_outputs,):
        got = None if given is None else f"shape {given.shape}"
        raise ValueError(f"classes must name the {n_outputs} outputs of the weights, got {got}")
    if not np.array_equal(np.unique(given), given):
        raise ValueError(f"classes must be different and in ascending order, as in scikit-learn, got {classes!r}")
    return given


def _scaling(given: Means | None, n: int, name: str) -> Scaling:
    """Return a mean and a scale for each of n columns."""
    if given is None:
        return no_scaling(n)
    try:
        mean, scale = (np.broadcast_to(np.asarray(one, np.float64), (n,)).copy() for one in given)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be (mean, scale), a number or {n} numbers each, got {given!r}") from None
    if not (np.isfinite(mean).all() and (scale > 0).all() and np.isfinite(scale).all()):
        raise ValueError(f"{name} must have finite numbers, and scales above 0, got {given!r}")
    return Scaling(mean, scale)


def _char_model(model: LSTMCharModel, weights: Weights, characters: str | None) -> LSTMCharModel:
    """Return a character model with these weights, with codes reordered to match the vocabulary."""
    if weights.bidirectional:
        raise ValueError("the weights are bidirectional, and an LSTMCharModel reads in one direction")
    is_scalar = model.encoding == "scalar"
    if (weights.n_embedded > 0) != (model.encoding == "embedding"):
        what = "an embedding" if weights.n_embedded else "no embedding"
        raise ValueError(f"encoding={model.encoding!r} does not match weights that have {what}")
    vocabulary, order = _vocabulary(model, characters, weights.n_outputs)
    n_codes = 1 if is_scalar else weights.n_outputs
    if weights.n_inputs != n_codes:
        raise ValueError(f"encoding={model.encoding!r} must read {n_codes} codes, the weights read {weights.n_inputs}")
    named = dict(weights.named)
    named["head.w_out"], named["head.b_out"] = named["head.w_out"][:, order], named["head.b_out"][order]
    if not is_scalar:
        read = "embedding.w" if weights.n_embedded else "lstm_0.w_in"
        named[read] = named[read][order]
    elif not np.array_equal(order, np.arange(len(order))):
        raise ValueError("characters must be sorted with encoding='scalar', where codes are numbers")
    if weights.n_embedded:
        model.set_params(embedding_size=weights.n_embedded)
    windowed = bool(model.windowed or is_scalar)
    architecture = Architecture(
        n_codes,
        weights.hidden_sizes,
        weights.n_outputs,
        one_hot=not is_scalar,
        every_step=not windowed,
        n_embedded=weights.n_embedded,
    )
    model.vocabulary_, model.classes_ = vocabulary, vocabulary.tokens_
    model.class_count_, model._window = np.ones(len(vocabulary), np.int64), int(model.window)
    model._adopt(architecture, named, np.float32)
    return model


def _vocabulary(model: LSTMCharModel, characters: str | None, n_codes: int) -> tuple[CharVocabulary, NDArray[np.intp]]:
    """Return the vocabulary, and the weights' code for each of its codes."""
    if model.tokens == "byte":
        if characters is not None or n_codes != 256:
            raise ValueError(f'tokens="byte" needs characters=None and weights for 256 codes, got {n_codes}')
        return CharVocabulary(model.unknown, "byte").fit(" "), np.arange(256)
    if not isinstance(characters, str) or len(characters) != n_codes or len(set(characters)) != n_codes:
        got = len(characters) if isinstance(characters, str) else characters
        raise ValueError(f"characters must be a str of the {n_codes} different characters of the weights, got {got!r}")
    vocabulary = CharVocabulary(model.unknown).fit(characters)
    if len(vocabulary) != n_codes:
        raise ValueError("characters must have U+FFFD, which stands for unknown ones, with unknown='replace'")
    return vocabulary, np.array([characters.index(one) for one in vocabulary.characters_])
