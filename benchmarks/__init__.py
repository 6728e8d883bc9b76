"""Benchmarks of tsl and its peers: ``python -m benchmarks SUITE``.

Adding a suite
--------------
Write ``benchmarks/<suite>.py`` with a constant ``SUMMARY``, printed first, and a function ``run(bench)``; add the
module's name to `SUITES` in ``benchmarks/__main__.py``. `bench` is a `benchmarks.bench.Bench`:

- ``bench.options``: `peers`, `n_threads`, `quick` (tiny work, for the tests), `only` (cases whose name contains it),
  `seeds` for ``accuracy``, ``text`` and ``classification``, and for the first two `data` (a folder of public files).
- ``bench.cases({name: job, ...})``: the cases selected by `only`.
- ``bench.compare(name, job)``: every rival does the job, in turns within this run; returns a `Result` for each rival.
- ``bench.record(name, **numbers)``: keeps any other numbers for ``--json``.
- ``bench.table(title, header, rows)`` and ``bench.say(text)`` print.
- ``bench.machine``: processor, cores, versions, measured multiply-add limits.
- ``bench.share(name, rival, gflops, n_threads)``: the share of that limit, for a table; a share above 100 % is marked.
- ``bench.label(rival)``: the rival's name for a table, with a note if it ignores ``--isa``.

Adding a task
-------------
A job is a dict of plain numbers and strings (it is sent as JSON) with a key ``"task"``. Each rival runs in its own
process (`benchmarks.worker`), which looks up a task as a function of that name in ``benchmarks/peers/<rival>.py``, or
for a task ``"generate.stream"`` as `stream` in ``benchmarks/peers/<rival>_generate.py``. The function takes
``(job, n_threads)`` and returns a list of `benchmarks.peers.Candidate`: ways to do the job, each a function without
arguments that does it ``units`` times and returns when everything is done. The fastest of them counts. A rival without
such a function, or whose package is missing, is left out of the comparison with a message.

Measurements that do not repeat the same work (memory, first imports) use ``subprocess`` themselves;
`benchmarks.peers.PEERS` tells what each rival needs in its environment.
"""
