"""Cross-validation of series by time, for scikit-learn's `GridSearchCV`, `cross_val_score` and others, and a search."""

from tsl.model_selection._search import HalvingSearch
from tsl.model_selection._split import PanelTimeSeriesSplit

__all__ = ["HalvingSearch", "PanelTimeSeriesSplit"]
