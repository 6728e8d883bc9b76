"""
A panel with covariates
=======================

There are eight shops, with offers known ahead, and two kinds of shop. How much does each help, and what would an offer
bring?
"""

# %%
# The data are simulated: an offer doubles the sales of a shoe shop, and raises those of a food shop by a third.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from tsl import LSTMForecaster
from tsl.inspection import covariate_importance
from tsl.plotting import plot_forecasts, plot_importance

days = pd.date_range("2022-01-03", periods=730, name="day")
rng = np.random.default_rng(0)


def make_shop(k):
    """Return one shop: shoes for even numbers, food for odd ones."""
    kind = "food" if k % 2 else "shoes"
    offer = np.convolve(rng.random(730) < 0.03, np.ones(7))[:730] > 0
    level = 50 * (k + 1) * np.exp(np.cumsum(rng.normal(0, 0.01, 730)))
    week = 1 + 0.3 * np.sin(2 * np.pi * days.day_of_week / 7)
    sold = level * week * (1 + (0.33 if kind == "food" else 1.0) * offer) * np.exp(rng.normal(0, 0.08, 730))
    return pd.DataFrame({"shop": f"shop {k}", "kind": kind, "day": days, "offer": offer, "sold": sold.round()})


sales = pd.concat([make_shop(k) for k in range(8)], ignore_index=True)
roles = {"id_col": "shop", "time_col": "day", "target": "sold"}
settings = {"window": 28, "season": 7, "scaling": "window", "differences": None, "hidden_size": 32, "max_iter": 100}
forecaster = LSTMForecaster(14, past=[], future=["offer"], random_state=0, **settings)
forecaster.fit(sales, static=["kind"], **roles)

# %%
# What if there were an offer in the next two weeks? Shops with even numbers sell shoes, and gain more, as they
# should.

future = forecaster.make_future_frame()
with_offer = forecaster.predict(future=future.assign(offer=True))
without = forecaster.predict(future=future.assign(offer=False))
gain = with_offer.groupby("shop")["y_pred"].sum() / without.groupby("shop")["y_pred"].sum()
print(gain.round(2).to_dict())

plot_forecasts(sales, with_offer, target="sold", n_history=60)
plt.show()

# %%
# How much does the forecaster rely on each covariate? The plot shows how much worse it gets if one is permuted between
# windows.

importance = covariate_importance(forecaster, n_windows=6, n_repeats=2, random_state=0)
plot_importance(importance)
plt.show()
