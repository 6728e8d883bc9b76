"""Machine code on disk: compiled once for a machine, loaded by every process after that.

Numba's own cache notices edits only in the file of the function itself, not in the helpers that were compiled into
it; it does not read what lies where it cannot write; and two processes that fill it at once can garble its index.
Here each piece of code has a file of its own, named after all that it was made from, and there is no index.
"""

import contextlib
import functools
import hashlib
import os
import pathlib
import pickle
import sys
import threading
import time
import uuid
import warnings

import llvmlite
import numba
from numba.core import caching, config
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps
from numba.misc.appdirs import AppDirs

FOLDER = "tsl_kernels"  # in a cache that is shared with others
KEPT_SECONDS = 7 * 86400  # for code of other sources: their tree, too, may be in use


class KernelCacheWarning(UserWarning):
    """Compiled kernels could not be kept: every process has to compile anew."""


@functools.cache
def sources_stamp():
    """A hash over the sources of all kernels."""
    digest = hashlib.sha256()
    for path in sorted(pathlib.Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def folders():
    """Where machine code may lie, in the order of preference: `NUMBA_CACHE_DIR`, beside the sources, the user's cache.

    It is written to the first of them that can be, and read from there and from those before it.
    """
    found = [pathlib.Path(config.CACHE_DIR, FOLDER)] if config.CACHE_DIR else []
    found.append(pathlib.Path(__file__).parent / "__pycache__")
    users = pathlib.Path(AppDirs(appname="numba", appauthor=False).user_cache_dir, FOLDER)
    return [*found, users] if users.is_absolute() else found  # it is not where nobody's home is known


def writable_folder():
    """The folder that machine code is written to, None where none can be."""
    return next(filter(_writable, folders()), None)


def _writable(folder):
    try:
        _write(folder / f"{uuid.uuid4().hex}.tmp", b"").unlink()
    except OSError:
        return False
    return True


def _write(path, data):
    """Write a file that nobody meets half done."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{uuid.uuid4().hex}.tmp")
    try:
        unfinished.write_bytes(data)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


class KernelCache(caching.FunctionCache):
    """The machine code of one entry point, in a dispatcher's `_cache`."""

    def __init__(self, function, *, slow=False):  # the parent's would look for one folder that it can write
        self._py_func = function
        self._slow = slow
        self._stamp = sources_stamp()  # of what was imported, not of what may be edited from now on
        name = f"{function.__module__.rpartition('.')[2]}.{function.__qualname__}"
        self._name = name.replace("<", "").replace(">", "")  # which Windows allows in no file name
        self.enable()

    @property
    def cache_path(self):
        """The folder that machine code is in by preference; `writable_folder` tries it."""
        return str(folders()[0])

    def flush(self):
        """Forget what was made from these sources."""
        for folder in folders():
            for path in folder.glob(f"{self._name}-{self._stamp[:16]}-*.nbc"):
                with contextlib.suppress(OSError):
                    path.unlink()

    def _load_overload(self, signature, target_context):
        key = self._key(signature, target_context.codegen())
        if self._enabled:
            for folder in folders():
                with contextlib.suppress(Exception):  # not there, or damaged: as good as not there
                    stored, code = pickle.loads((folder / self._file_name(key)).read_bytes())
                    if stored == key:
                        return CompileResult._rebuild(target_context, *code)
                if _writable(folder):
                    break  # this is where it is to be
        told = [tell() for tell in tuple(_listeners)]
        if self._slow and not any(told):
            announce()
        return None

    def holds(self, signature, codegen):
        """Whether there is code for a signature on disk."""
        name = self._file_name(self._key(signature, codegen))
        return self._enabled and any((folder / name).exists() for folder in folders())

    def _save_overload(self, signature, result):
        if not self._enabled or result.library.has_dynamic_globals:
            return
        key = self._key(signature, result.codegen)
        data = dumps((key, result._reduce()))
        for folder in folders():
            path = folder / self._file_name(key)
            try:
                _write(path, data)
            except OSError:
                if not path.exists():  # on Windows a file that another process reads cannot be replaced
                    continue
            self._remove_outdated(folder)
            return
        _warn_once()

    def _key(self, signature, codegen):
        """All that the code was made from; the parent knows the signature, the processor and the function."""
        versions = (numba.__version__, llvmlite.__version__, sys.implementation.cache_tag)
        settings = (int(config.OPT), config.BOUNDSCHECK, config.DEBUGINFO_DEFAULT)
        return (self._stamp, versions, settings, self._index_key(signature, codegen))

    def _file_name(self, key):
        digest = hashlib.sha256(repr(key).encode()).hexdigest()
        return f"{self._name}-{self._stamp[:16]}-{digest[:16]}.nbc"

    def _remove_outdated(self, folder):
        """Remove this function's code of other sources, a while after it was made."""
        for path in folder.glob(f"{self._name}-*.nbc"):
            with contextlib.suppress(OSError):
                ours = path.name.startswith(f"{self._name}-{self._stamp[:16]}-")
                if not ours and time.time() - path.stat().st_mtime > KEPT_SECONDS:
                    path.unlink()


# --- those who want to know -------------------------------------------------------------------------------------

_listeners = []
_warned = threading.Lock()  # held for good once the hint was given
_announced = threading.Lock()  # likewise
COMPILING = "compiling the kernels for this machine, once: about 10 s"


@contextlib.contextmanager
def on_compilation(tell):
    """Call `tell()` whenever a kernel has to be compiled before this block ends, in whatever thread that happens.

    It returns whether it has told the user.
    """
    _listeners.append(tell)
    try:
        yield
    finally:
        _listeners.remove(tell)


def announce():
    """Say, once in a process, why nothing happens for a while, where somebody may be waiting.

    That is at a terminal or a notebook, unless the environment variable ``TSL_QUIET`` is set.
    """
    stream = sys.stderr
    if stream is None or os.environ.get("TSL_QUIET", "0") not in ("", "0"):
        return
    notebook = type(stream).__module__.partition(".")[0] == "ipykernel"
    if (notebook or stream.isatty()) and _announced.acquire(blocking=False):
        stream.write(f"tsl: {COMPILING} (TSL_QUIET=1 hides this line)\n")
        stream.flush()


def _warn_once():
    if _warned.acquire(blocking=False):
        tried = ", ".join(str(folder) for folder in folders())
        warnings.warn(
            f"compiled kernels cannot be kept, so every process has to compile them anew: none of {tried} can be "
            "written. Let the environment variable NUMBA_CACHE_DIR name a folder that can.",
            KernelCacheWarning,
            stacklevel=2,
        )
