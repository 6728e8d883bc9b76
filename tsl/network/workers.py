"""Threads that run kernels alongside the calling one.

Kernels run without the interpreter lock, so plain Python threads suffice. They wait between calls, because starting one
takes longer than a small prediction: 80 microseconds, or 300 on a sleeping core, while waking one takes 15 or 45.
Each call borrows as many as it needs for its exclusive use, so concurrent calls from several threads do not interfere;
a forked child starts its own.
"""

from __future__ import annotations

import os
import queue
import threading

from tsl.kernels.threads import ABORTED, flush_subnormals, restore_float_control


class _Worker:
    """A thread that waits for work."""

    def __init__(self):
        self._given = queue.SimpleQueue()
        threading.Thread(target=self._serve, daemon=True, name="tsl").start()

    def start(self, work, thread):
        """Call `work(thread)`; the returned lock is released when it is done."""
        done = threading.Lock()
        done.acquire()
        self._given.put((work, thread, done))
        return done

    def _serve(self):
        while True:
            work, thread, done = self._given.get()
            work(thread)
            del work  # and everything it refers to
            done.release()


_idle: list[_Worker] = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_idle.clear)


def in_threads(run, n_threads, barrier=None):
    """Call `run(thread)` in every thread, the current one being the first; return when all are done, even on Ctrl-C."""
    errors, started = [], []

    def guarded(thread):
        control = flush_subnormals()
        try:
            run(thread)
        except BaseException as error:
            _abort(barrier)
            errors.append(error)
        finally:
            restore_float_control(control)

    try:
        for thread in range(1, n_threads):
            worker = _borrowed()
            started.append((worker, worker.start(guarded, thread)))
        guarded(0)
    except BaseException as error:
        _abort(barrier)
        errors.append(error)
    for worker, done in started:
        _wait(done, errors)
        _idle.append(worker)
    if errors:
        raise errors[0]


def _borrowed():
    try:
        return _idle.pop()
    except IndexError:
        return _Worker()


def _abort(barrier):
    """Release threads that would otherwise wait forever for one that does not arrive."""
    if barrier is not None:
        barrier[ABORTED] = 1


def _wait(done, errors):
    """Wait for a worker; a Ctrl-C in the meantime is recorded in `errors`."""
    while done.locked():
        try:
            with done:
                return
        except KeyboardInterrupt as error:
            errors.append(error)
