"""
A shop that opens tomorrow
==========================

What will a new shop sell in its first week? There are no sales yet, or only one or two days of them, so the forecast
has to come from the other shops.
"""

# %%
# The data are simulated, so that we know what is in them. The kind of a shop determines its level, sales have a weekly
# season, an offer raises them by a half, and in the first days a shop sells up to twice as much as later. The
# forecaster learns from 60 shops, which opened at different times.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from tsl import LSTMForecaster
from tsl.plotting import plot_forecast

LEVELS = {"kiosk": 100, "supermarket": 300, "warehouse": 900}
TODAY = pd.Timestamp("2024-06-30")
rng = np.random.default_rng(0)


def make_shop(name, opening, n_days):
    """Return the daily sales of a shop from its opening on."""
    kind, day = rng.choice(list(LEVELS)), pd.date_range(opening, periods=n_days, name="day")
    level = LEVELS[kind] * rng.lognormal(0, 0.3) * (1 + np.exp(-np.arange(n_days) / 5))
    offer = rng.random(n_days) < 0.2
    sold = level * (1 + 0.3 * np.sin(2 * np.pi * day.day_of_week / 7)) * (1 + 0.5 * offer)
    sold = (sold * rng.lognormal(0, 0.15, n_days)).round()
    return pd.DataFrame({"shop": name, "kind": kind, "day": day, "offer": offer, "sold": sold})


ages = rng.integers(30, 150, 60)
known = pd.concat([make_shop(f"shop {k}", TODAY - pd.Timedelta(days=n - 1), n) for k, n in enumerate(ages)])

settings = {"window": 28, "season": 7, "hidden_size": 16, "max_iter": 30}
forecaster = LSTMForecaster(7, past=[], future=["offer"], random_state=0, **settings)
forecaster.fit(known, id_col="shop", time_col="day", target="sold", static=["kind"])

# %%
# Two hundred shops open tomorrow. Pass their first days to `predict` as `data`; before the opening, pass a row without
# a reading, which says where the series begins and which kind of shop it is. `future` has the planned offers.

later = pd.concat([make_shop(f"new {k}", TODAY + pd.Timedelta(days=1), 9) for k in range(200)])


def forecast_after(n_days):
    """Forecast the next week of all new shops after `n_days` of sales."""
    rows = later.groupby("shop").head(max(n_days, 1))
    if n_days == 0:
        rows = rows.assign(day=TODAY, offer=False, sold=np.nan)
    future = forecaster.make_future_frame(data=rows).drop(columns="offer").merge(later[["shop", "day", "offer"]])
    return forecaster.predict(data=rows, future=future, level=[80, 95])


forecasts = {when: forecast_after(n) for n, when in enumerate(["before the opening", "after one day", "after two"])}
shop = later[later["shop"] == "new 0"]
fig, axes = plt.subplots(1, 3, figsize=(11, 3.2), sharex=True, sharey=True, layout="constrained")
for n_days, (ax, (when, forecast)) in enumerate(zip(axes, forecasts.items())):
    plot_forecast(shop.head(n_days), forecast, actual=shop, series="new 0", target="sold", ax=ax)
    ax.set_title(f"A new shop, {when}")
plt.show()

# %%
# Is the coverage of the intervals right? They come from the errors on left-out shops, separately for no, one and two
# readings. The table shows their mean width and their coverage for all new shops, and the mean absolute error beside
# that of the mean of all shops of the same kind:

means = known.groupby("kind")["sold"].mean()
scores = {}
for when, forecast in forecasts.items():
    table = forecast.merge(later)
    scores[when] = {"error": (table["y_pred"] - table["sold"]).abs().mean()}
    scores[when] |= {"error of the mean": (table["kind"].map(means) - table["sold"]).abs().mean()}
    for level in (80, 95):
        lower, upper = table[f"y_pred-lo-{level}"], table[f"y_pred-hi-{level}"]
        scores[when] |= {f"width {level} %": (upper - lower).mean()}
        scores[when] |= {f"coverage {level} %": table["sold"].between(lower, upper).mean()}
print(pd.DataFrame(scores).round(2).to_string())

# %%
# The first day of sales reduces the error by two fifths, and the second one helps less. From the third day on, the
# network forecasts the shop like any other. :doc:`/how-to/cold_start` explains how it works, and has results on data
# that are not simulated.
