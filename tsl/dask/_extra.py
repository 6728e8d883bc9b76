"""Dask, or an error that tells how to install it."""

from __future__ import annotations

try:
    import dask.array as da
    import dask.dataframe as dd
    import distributed
    from dask import config
    from dask.base import annotate, compute
    from dask.delayed import delayed
    from dask.sizeof import sizeof
except ImportError as error:
    raise ImportError('tsl.dask needs the extra: pip install "tsl-lstm[dask]"') from error

__all__ = ["annotate", "compute", "config", "da", "dd", "delayed", "distributed", "sizeof"]
