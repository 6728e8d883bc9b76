"""All compiled code. Imports only numpy, numba and llvmlite."""
