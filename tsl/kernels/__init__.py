"""Everything compiled. Imports numpy, numba and llvmlite alone."""
