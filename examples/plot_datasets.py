"""
The bundled data sets
=====================

This example plots the data sets that come with `tsl`.
"""

# %%
# Every loader returns a pandas object with a time index. The sea surface temperature was measured by a buoy every half
# hour; it has a yearly and a daily season.

import matplotlib.pyplot as plt

from tsl import datasets

sea = datasets.load_sea_surface_temperature()
fig, (year, week) = plt.subplots(1, 2, figsize=(9, 3), layout="constrained")
sea.plot(ax=year, ylabel="°C", title="Sea surface temperature")
sea["2016-08-01":"2016-08-07"].plot(ax=week, title="One week of it")
plt.show()

# %%
# Carbon dioxide has a trend and a yearly season; sunspots have a cycle of about eleven years, whose length varies.

fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3), layout="constrained")
datasets.load_co2().plot(ax=left, ylabel="ppm", title="CO2 at Mauna Loa, weekly")
datasets.load_sunspots().plot(ax=right, title="Sunspots, yearly")
plt.show()

# %%
# The current of a glucose sensor follows the glucose in the blood. Both have gaps.

glucose = datasets.load_glucose().loc["2010-04-01":"2010-04-03"]
current, level = glucose.plot(subplots=True, figsize=(9, 4), title="Glucose sensor, three days")
current.set_ylabel("nA")
level.set_ylabel("mg/dL")
plt.show()

# %%
# Share prices: the closing price, adjusted for splits and dividends, of the companies that were listed throughout.

prices = datasets.load_stocks().pivot(columns="ticker", values="adj_close")
prices[["AAPL", "IBM", "MSFT"]].plot(logy=True, figsize=(9, 3), ylabel="US dollars")
plt.show()

# There is also a text.

print(datasets.load_macbeth()[1050:1290])
