"""Locks kept outside the objects that they belong to, since an object with a lock can be neither copied nor saved."""

from __future__ import annotations

import os
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

_guard = Lock()
_locks: WeakKeyDictionary[Any, Lock] = WeakKeyDictionary()


def lock_of(owner: Any) -> Lock:
    """Return the lock of `owner`, always the same one."""
    with _guard:
        return _locks.setdefault(owner, Lock())


def _renew() -> None:
    """Discard all locks: threads that held them do not exist in a child process."""
    global _guard, _locks
    _guard, _locks = Lock(), WeakKeyDictionary()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
