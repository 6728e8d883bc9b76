"""Architecture, optimiser and training settings from the parameters of `LSTMCharModel`."""

from __future__ import annotations

from tsl._estimator.parameters import layer_sizes
from tsl.char_model import defaults
from tsl.char_model.parameters import CharParameters
from tsl.network import Architecture, Dropout, Optimizer
from tsl.training import Schedule

# Shares of all steps, and of the highest learning rate; the trials behind the values of `defaults` used them.
WARMUP, FINAL = 0.02, 0.01


def document_window(parameters: CharParameters) -> int:
    """Return how many characters of a whole text each one is predicted from; 0 for all preceding ones, in streams."""
    return int(parameters.window) if parameters.windowed or parameters.encoding == "scalar" else 0


def new_architecture(
    parameters: CharParameters, n_codes: int, window: int, known: Architecture | None = None, *, n_labels: int = 0
) -> Architecture:
    """Return the architecture of the network; what the parameters leave open is taken from `known` if given."""
    if parameters.hidden_size != "auto":
        hidden_sizes = layer_sizes(parameters.hidden_size)
    elif known is not None:
        hidden_sizes = known.hidden_sizes
    else:
        hidden_sizes = defaults.auto_hidden_sizes(parameters.max_time)
    if parameters.encoding != "embedding":
        n_embedded = 0
    elif parameters.embedding_size != "auto":
        n_embedded = int(parameters.embedding_size)
    else:
        n_embedded = defaults.auto_embedding_size(hidden_sizes) if known is None else known.n_embedded
    one_hot = parameters.encoding != "scalar"
    return Architecture(
        n_codes if one_hot else 1,
        hidden_sizes,
        n_codes,
        one_hot=one_hot,
        every_step=not window,
        n_static=n_labels,
        n_embedded=n_embedded,
    )


def new_schedule(parameters: CharParameters, architecture: Architecture) -> Schedule:
    """Return the learning-rate schedule."""
    rate = parameters.learning_rate_init
    if rate == "auto":
        rate = defaults.auto_learning_rate(not architecture.every_step, architecture.hidden_sizes)
    return Schedule(parameters.learning_rate, init=rate, warmup=WARMUP, final=FINAL)


def new_optimizer(parameters: CharParameters) -> Optimizer:
    """Return the optimiser."""
    return Optimizer(
        solver=parameters.solver,
        # Averages squares over about 100 steps: the usual 1,000 would be an eighth of the training.
        beta_2=0.99 if parameters.solver == "adamw" else 0.999,
        nesterov=True,
        alpha=defaults.auto_alpha(parameters.solver) if parameters.alpha == "auto" else parameters.alpha,
        clip_norm=parameters.clip_norm,
    )


def new_dropout(parameters: CharParameters, epochs: float, architecture: Architecture, seed: int) -> Dropout:
    """Return the dropout rates for training over `epochs` epochs."""
    auto = defaults.auto_dropouts(epochs, architecture.hidden_sizes)
    return Dropout(
        auto.outputs if parameters.dropout == "auto" else parameters.dropout,
        auto.recurrent if parameters.recurrent_dropout == "auto" else parameters.recurrent_dropout,
        auto.weights if parameters.weight_dropout == "auto" else parameters.weight_dropout,
        seed=seed,
    )
