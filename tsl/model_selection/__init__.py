"""Time-based cross-validation for `GridSearchCV`, `cross_val_score` and other tools of scikit-learn, and a search."""

from tsl.model_selection._search import HalvingSearch
from tsl.model_selection._split import PanelTimeSeriesSplit

__all__ = ["HalvingSearch", "PanelTimeSeriesSplit"]
