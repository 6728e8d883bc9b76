"""Permutation importance: how much a model loses without the information in a channel, a step or a covariate."""

from tsl.inspection._covariates import covariate_importance
from tsl.inspection._windows import permutation_importance

__all__ = ["covariate_importance", "permutation_importance"]
