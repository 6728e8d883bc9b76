"""Architecture, optimiser and training settings from the parameters of a window estimator."""

from __future__ import annotations

from tsl._estimator.parameters import WindowParameters, layer_sizes
from tsl.network import Architecture, Optimizer
from tsl.training import Schedule, TrainingSettings

# The meaning of "auto". Tried on tables of 70 to 1,200 rows and on series of 200 to 15,000 windows: small ones need
# the larger penalty, and overfit with more steps; on large ones that penalty, or ten epochs, cost accuracy.
AUTO_BATCH_SIZE = 64
AUTO_LEAST_EPOCHS = 3
AUTO_ALPHA = 5e-3
AUTO_ALPHA_SAMPLES = 1000  # with more windows, the penalty is inversely proportional to their number


def new_architecture(parameters: WindowParameters, n_inputs: int, n_outputs: int, segment: int) -> Architecture:
    """Return the architecture of the network."""
    sizes = layer_sizes(parameters.hidden_size)
    return Architecture(n_inputs, sizes, n_outputs, parameters.bidirectional, segment=segment)


def new_optimizer(parameters: WindowParameters, n_samples: int) -> Optimizer:
    """Return the optimiser for `n_samples` training windows."""
    alpha = parameters.alpha
    return Optimizer(
        solver=parameters.solver,
        beta_1=parameters.momentum if parameters.solver == "sgd" else parameters.beta_1,
        beta_2=parameters.beta_2,
        nesterov=parameters.nesterovs_momentum,
        epsilon=parameters.epsilon,
        alpha=AUTO_ALPHA * min(1.0, AUTO_ALPHA_SAMPLES / n_samples) if alpha == "auto" else alpha,
        clip_norm=parameters.clip_norm,
        clip_value=parameters.clip_value,
    )


def new_schedule(parameters: WindowParameters) -> Schedule:
    """Return the learning-rate schedule."""
    return Schedule(
        name=parameters.learning_rate,
        init=parameters.learning_rate_init,
        factor=parameters.learning_rate_factor,
        every=parameters.learning_rate_every,
        patience=parameters.learning_rate_patience,
        warmup=parameters.learning_rate_warmup,
        final=parameters.learning_rate_final,
    )


def new_settings(parameters: WindowParameters, n_samples: int) -> TrainingSettings:
    """Return the training settings for `n_samples` windows."""
    if parameters.batch_size == "auto":  # equal sizes, as a last batch of one window is mostly noise
        batch_size = _ceil_div(n_samples, _ceil_div(n_samples, AUTO_BATCH_SIZE))
    else:
        batch_size = int(parameters.batch_size)
    if parameters.max_iter == "auto":
        max_iter = max(AUTO_LEAST_EPOCHS, _ceil_div(parameters._auto_steps, _ceil_div(n_samples, batch_size)))
    else:
        max_iter = int(parameters.max_iter)
    return TrainingSettings(
        max_iter=max_iter,
        batch_size=batch_size,
        shuffle=parameters.shuffle,
        schedule=new_schedule(parameters),
        tol=parameters.tol,
        n_iter_no_change=parameters.n_iter_no_change if parameters.early_stopping else None,
        early_stopping=parameters.early_stopping,
        max_time=parameters.max_time,
    )


def n_training_samples(parameters: WindowParameters, n_samples: int, *, has_validation: bool) -> int:
    """Return the number of leading windows to train on; the rest are held out for `early_stopping`.

    Raises
    ------
    ValueError
        If `validation_fraction` leaves none.
    """
    if has_validation or not parameters.early_stopping:
        return n_samples
    n_training = n_samples - max(1, round(parameters.validation_fraction * n_samples))
    if n_training < 1:
        raise ValueError(
            f"validation_fraction={parameters.validation_fraction} leaves nothing to train on, with "
            f"n_samples={n_samples}"
        )
    return n_training


def _ceil_div(n: int, divisor: int) -> int:
    return -(-n // divisor)
