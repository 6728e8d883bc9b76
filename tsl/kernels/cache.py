"""Machine code on disk: compiled once per machine, loaded by every later process.

Numba's own cache notices edits only in the file of the function itself, not in the helpers that were compiled into
it; it does not read from folders that it cannot write to; and two processes that fill it at once can garble its
index. Here each piece of code has its own file, named after everything it was made from, and there is no index.
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

from numba import config

FOLDER = "tsl_kernels"  # within a cache folder shared with other programs
KEPT_SECONDS = 7 * 86400  # for code compiled from other sources, which may still be in use


class KernelCacheWarning(UserWarning):
    """Compiled kernels could not be saved: every process has to compile them again."""


@functools.cache
def sources_stamp():
    """Return a hash of the sources of all kernels."""
    digest = hashlib.sha256()
    for path in sorted(pathlib.Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def folders():
    """Return the folders for machine code by preference: `NUMBA_CACHE_DIR`, next to the sources, the user's cache.

    Code is written to the first writable one, and read from that one and those before it.
    """
    found = [pathlib.Path(config.CACHE_DIR, FOLDER)] if config.CACHE_DIR else []
    found.append(pathlib.Path(__file__).parent / "__pycache__")
    users = _user_cache() / "numba" / FOLDER
    return [*found, users] if users.is_absolute() else found  # not absolute if the home folder is unknown


def _user_cache():
    """Return the system's folder for a user's caches."""
    home = pathlib.Path(os.path.expanduser("~"))
    if sys.platform == "win32":
        return pathlib.Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    if sys.platform == "darwin":
        return home / "Library" / "Caches"
    return pathlib.Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")


def writable_folder():
    """Return the folder that machine code is written to, or None if none is writable."""
    return next(filter(_writable, folders()), None)


def _writable(folder):
    try:
        _write(folder / f"{uuid.uuid4().hex}.tmp", b"").unlink()
    except OSError:
        return False
    return True


def _write(path, data):
    """Write a file in such a way that no other process sees it half written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{uuid.uuid4().hex}.tmp")
    try:
        unfinished.write_bytes(data)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


class MachineCode:
    """Machine code of one function, one file for each set of types that it was compiled for.

    Parameters
    ----------
    name : str
        Name of the function, with its module.
    slow : bool
        Whether it takes so long to compile that the user is told.
    """

    def __init__(self, name, *, slow):
        self._name = name.replace("<", "").replace(">", "")  # not allowed in file names on Windows
        self._slow = slow
        self.stamp = sources_stamp()  # of the sources as imported, whatever is edited later

    @property
    def preferred_folder(self):
        """Folder that is searched first."""
        return folders()[0]

    def load(self, key, rebuild, *, look=True):
        """Return `rebuild(code)` of the code that was saved under `key`, or None after telling the user."""
        if look:
            for folder in folders():
                with contextlib.suppress(Exception):  # missing or damaged
                    stored, code = pickle.loads((folder / self._file_name(key)).read_bytes())
                    if stored == key:
                        return rebuild(code)
                if _writable(folder):
                    break  # the folder it will be written to
        told = [tell() for tell in tuple(_listeners)]
        if self._slow and not any(told):
            announce()
        return None

    def holds(self, key):
        """Return whether there is a file for `key`."""
        return any((folder / self._file_name(key)).exists() for folder in folders())

    def save(self, key, data):
        """Write `data`, the pickle of `(key, code)`, to the first folder that can be written."""
        for folder in folders():
            path = folder / self._file_name(key)
            try:
                _write(path, data)
            except OSError:
                if not path.exists():  # on Windows, a file that another process is reading cannot be replaced
                    continue
            self._remove_outdated(folder)
            return
        _warn_once()

    def flush(self):
        """Remove the code that was made from these sources."""
        for folder in folders():
            for path in folder.glob(f"{self._prefix}*.nbc"):
                with contextlib.suppress(OSError):
                    path.unlink()

    @property
    def _prefix(self):
        return f"{self._name}-{self.stamp[:16]}-"

    def _file_name(self, key):
        digest = hashlib.sha256(repr(key).encode()).hexdigest()
        return f"{self._prefix}{digest[:16]}.nbc"

    def _remove_outdated(self, folder):
        """Remove code of this function compiled from other sources, once it is old enough."""
        for path in folder.glob(f"{self._name}-*.nbc"):
            with contextlib.suppress(OSError):
                ours = path.name.startswith(self._prefix)
                if not ours and time.time() - path.stat().st_mtime > KEPT_SECONDS:
                    path.unlink()


# --- telling the user who waits -----------------------------------------------------------------------------------

_listeners = []
_warned = threading.Lock()  # held for good once the warning was issued
_announced = threading.Lock()  # likewise
COMPILING = "compiling the kernels for this machine, once: about 10 s"


@contextlib.contextmanager
def on_compilation(tell):
    """Call `tell()` whenever a kernel has to be compiled within a ``with`` block, in any thread.

    `tell` returns whether it has told the user.
    """
    _listeners.append(tell)
    try:
        yield
    finally:
        _listeners.remove(tell)


def announce():
    """Write to stderr, once per process, that kernels are being compiled.

    Only at a terminal or in a notebook, and not if the environment variable ``TSL_QUIET`` is set.
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
            f"compiled kernels cannot be saved, so every process has to compile them again: none of {tried} is "
            "writable. Set the environment variable NUMBA_CACHE_DIR to a writable folder.",
            KernelCacheWarning,
            stacklevel=2,
        )
