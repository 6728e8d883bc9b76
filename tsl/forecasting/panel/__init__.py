"""Many series as flat arrays, and what is computed for each of them."""
