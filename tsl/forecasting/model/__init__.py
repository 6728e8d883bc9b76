"""From a panel to a network and back: windows, sampling, ridge regression, fit and search."""
