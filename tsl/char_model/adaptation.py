"""Dynamic evaluation: a model keeps learning from a text while scoring it (Krause et al. 2018)."""

from __future__ import annotations

import copy
import math
import numbers
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsl._checks import check_count
from tsl.char_model.reading import Stretch
from tsl.network import Loss, Network, TrainingMemory

LOG_LOSS = Loss("log_loss")
LEAST_SCALE = 0.03  # on the ninth tenth of Macbeth 0.01 and 0.1 made a difference of less than 0.001 nats


@dataclass(frozen=True)
class Adaptation:
    r"""Options of dynamic evaluation, in which a model keeps learning from a text while scoring it.

    Parameters
    ----------
    learning_rate : float, default=0.5
        Size of a step. For a large network that was trained for long, 1 is better; for one that has learned little, a
        smaller value is.
    sequence_length : int, default=20
        Characters scored between two steps. Halving it doubles the time.
    decay : float, default=0.003
        How far each step also moves back towards the trained weights, from 0 (not at all) to 1.

    Raises
    ------
    TypeError, ValueError
        If a parameter is not a number or is out of range.

    See Also
    --------
    tsl.LSTMCharModel.score : Score of a text, with or without dynamic evaluation.

    Notes
    -----
    After every `sequence_length` scored characters, each weight :math:`\theta` takes a step (Krause et al.
    2018, equation 4)

    .. math:: \theta \leftarrow \theta - \eta \frac{g}{s + 0.03} + \min(\lambda s, 1) (\theta_0 - \theta)

    with the learning rate :math:`\eta`, the gradient :math:`g` of the mean loss on these characters, the decay
    :math:`\lambda` and the trained weight :math:`\theta_0`. The scale :math:`s` is large for weights that had large
    gradients in training: it is the root of the optimiser's second moment, divided by the mean of these roots over all
    weights. Without such moments, in a model that was trained with "sgd" or got its weights from elsewhere, it is 1.
    The moments of "adamw" lowered the loss as much as moments computed in a pass over the training set.

    Examples
    --------
    >>> from tsl import LSTMCharModel
    >>> from tsl.char_model import Adaptation
    >>> model = LSTMCharModel(hidden_size=16, max_iter=40, random_state=0).fit("tick tock " * 50)
    >>> model.score("tock tick " * 50, adapt=Adaptation(learning_rate=0.0)) == model.score("tock tick " * 50)
    True
    """

    learning_rate: float = 0.5
    sequence_length: int = 20
    decay: float = 0.003

    def __post_init__(self) -> None:
        _check_number("learning_rate", self.learning_rate, math.inf)
        _check_number("decay", self.decay, 1.0)
        check_count("sequence_length", self.sequence_length, 1)


def _check_number(name: str, value: Any, most: float) -> None:
    allowed = "a finite number of at least 0" if most == math.inf else f"a number from 0 to {most:g}"
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        raise TypeError(f"{name} must be {allowed}, got {value!r}")
    if not (math.isfinite(value) and 0 <= float(value) <= most):
        raise ValueError(f"{name} must be {allowed}, got {value!r}")


def as_adaptation(adapt: Any) -> Adaptation | None:
    """Return the options given by `adapt`; None for False."""
    if isinstance(adapt, Adaptation):
        return adapt
    if not isinstance(adapt, (bool, np.bool_)):
        raise TypeError(f"adapt must be a bool or an Adaptation, got {adapt!r:.100}")
    return Adaptation() if adapt else None


class AdaptedNetwork:
    """A copy of a network that learns from each stretch of a text after it is scored.

    Parameters
    ----------
    network : Network
        The trained network, which is not changed.
    mean_sq : ndarray of shape (P,)
        Second moments of the gradient in training, or zeros.
    options : Adaptation
        How to learn.
    n_threads : int
        Maximum number of threads.
    """

    def __init__(self, network: Network, mean_sq: NDArray[Any], options: Adaptation, n_threads: int) -> None:
        self.network = copy.deepcopy(network)
        self._trained = network.params
        self._options = options
        self._n_threads = n_threads
        self._memory = TrainingMemory()
        scale = _relative_scale(mean_sq)
        with np.errstate(over="ignore"):  # `learn` reports infinite steps
            self._rates = (options.learning_rate / (scale + LEAST_SCALE)).astype(network.dtype)
        self._decay_rates = np.minimum(options.decay * scale, 1.0).astype(network.dtype)

    def learn(self, stretch: Stretch) -> None:
        """Take a step on the mean loss of a stretch.

        Raises
        ------
        ValueError
            If the weights are not finite afterwards.
        """
        found = self.network.gradient(
            stretch.sequences,
            stretch.targets,
            None,
            LOG_LOSS,
            initial=stretch.initial,
            memory=self._memory,
            n_threads=self._n_threads,
        )
        with self.network.editing() as params, np.errstate(over="ignore", invalid="ignore"):
            params += self._decay_rates * (self._trained - params) - self._rates * found.params
            if not np.isfinite(params).all():
                rate = self._options.learning_rate
                raise ValueError(f"learning_rate of adapt must be lower: the weights are not finite with {rate!r}")


def _relative_scale(mean_sq: NDArray[Any]) -> NDArray[np.float64]:
    """Return the roots of second moments relative to their mean, or ones if there are no moments."""
    roots = np.sqrt(mean_sq.astype(np.float64))
    return roots / roots.mean() if mean_sq.any() else np.ones(mean_sq.size)
