"""tsl beside its peers: ``python -m benchmarks SUITE``.

How a suite is added
--------------------
Write ``benchmarks/<suite>.py`` with a line ``SUMMARY``, printed first, and a function ``run(bench)``; the module's
name goes into `SUITES` in ``benchmarks/__main__.py``. `bench` is a `benchmarks.bench.Bench`:

- ``bench.options``: `peers`, `n_threads`, `quick` (tiny work, for the tests), `only` (cases whose name holds it),
  `seeds` for ``accuracy``, ``text`` and ``classification``, and for the first two `data` (a folder of public files).
- ``bench.cases({name: job, ...})``: those that `only` leaves.
- ``bench.compare(name, job)``: every rival does the job, in turns within this run; gives `Result` by rival.
- ``bench.record(name, **numbers)``: keeps any other numbers for ``--json``.
- ``bench.table(title, header, rows)`` and ``bench.say(text)`` print.
- ``bench.machine``: processor, cores, versions, measured multiply-add limits.
- ``bench.share(name, rival, gflops, n_threads)``: the share of that limit, for a table; one above 100 % is marked.
- ``bench.label(rival)``: the rival's name for a table, which says if ``--isa`` does not hold it.

How a task is added
-------------------
A job is a dict of plain numbers and strings (it travels as JSON) with a key ``"task"``. Each rival is a process of its
own (`benchmarks.worker`), which looks a task up as a function of that name in ``benchmarks/peers/<rival>.py``, or for
a task ``"generate.stream"`` as `stream` in ``benchmarks/peers/<rival>_generate.py``. The function takes
``(job, n_threads)`` and gives a list of `benchmarks.peers.Candidate`: ways to do the job, each a function without
arguments that does it ``units`` times and comes back when all is done. The fastest of them is the one that counts. A
rival without such a function, or whose package is missing, is left out of the comparison with a word.

What is no repetition of the same work (memory, first imports) uses ``subprocess`` by itself; `benchmarks.peers.PEERS`
says what each rival needs in its environment.
"""
