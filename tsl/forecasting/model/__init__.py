"""From a panel to a network and back: windows, sampling, the ridge regression, fit and search."""
