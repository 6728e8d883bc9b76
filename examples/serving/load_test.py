"""Measure requests per second, latency and memory of app.py: `python load_test.py [--workers N] [--seconds S]`.

It needs fastapi, uvicorn[standard] and the program wrk, which runs beside the service and shares its cores.
"""

import argparse
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

import tsl

HERE = Path(__file__).parent
CONNECTIONS = (1, 8, 32)
# What wrk sends, and what it reports: the two percentiles in ms, requests per second, and the number of failures.
SCRIPT = """
wrk.method, wrk.headers["Content-Type"] = "POST", "application/json"
wrk.body = [==[{body}]==]
function done(summary, latency, requests)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format("RESULT [%f, %f, %f, %d]", latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    summary.requests / summary.duration * 1e6, failed))
end
"""


def main() -> None:
    """Measure both kinds of models."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=10, help="for each number of connections")
    options = parser.parse_args()
    print(f"{processor()}, {os.cpu_count()} cores; {options.workers} workers")
    print(f"{'':30}{'connections':>12}{'requests/s':>12}{'median ms':>11}{'99 % ms':>9}{'failed':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for name, path, make in (
            ("one window", "predict", regressor),
            ("forecast from 200 rows", "forecast", forecaster),
        ):
            model, body = make()
            tsl.save(model, f"{folder}/model.tsl")
            Path(folder, "wrk.lua").write_text(SCRIPT.replace("{body}", json.dumps(body)), encoding="utf-8")
            measure(name, path, folder, options)


def regressor() -> tuple[tsl.LSTMRegressor, dict[str, list]]:
    """Return a model of 64 units, and a window of 48 steps of 8 channels."""
    X = np.random.default_rng(0).normal(size=(500, 48, 8)).round(3)
    return tsl.LSTMRegressor(hidden_size=64, max_iter=3, random_state=0).fit(X, X[:, -1, 0]), {"X": X[:1].tolist()}


def forecaster() -> tuple[tsl.LSTMForecaster, dict[str, list]]:
    """Return a model that reads a week of hours and forecasts a day, and rows of one series."""
    load = 10 + np.sin(np.arange(3200) * 2 * np.pi / 24) + np.random.default_rng(0).normal(0, 0.1, 3200)
    data = pd.DataFrame({"ds": pd.date_range("2024-01-01", periods=3200, freq="h"), "y": load.round(3)})
    model = tsl.LSTMForecaster(horizon=24, window=168, max_iter=100, random_state=0).fit(data[:-200])
    return model, {"ds": data["ds"][-200:].astype(str).tolist(), "y": data["y"][-200:].tolist()}


def measure(name: str, path: str, folder: str, options: argparse.Namespace) -> None:
    """Start the service, and send requests over an increasing number of connections."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "app:app", "--port", str(port), "--log-level", "warning"]
    environment = {"NUMBA_NUM_THREADS": "1"} | os.environ | {"MODEL": f"{folder}/model.tsl"}
    service = subprocess.Popen([*command, "--workers", str(options.workers)], cwd=HERE, env=environment)
    try:
        wait_for(port)
        for connections in CONNECTIONS:
            median, high, rate, failed = run_wrk(port, path, folder, connections, options.seconds)
            print(f"{name:30}{connections:12}{rate:12.0f}{median:11.2f}{high:9.2f}{failed:8.0f}", flush=True)
        print(f"{'':30}memory of each worker, MB: {resident(service.pid, options.workers)}")
    finally:
        service.terminate()
        service.wait()


def run_wrk(port: int, path: str, folder: str, connections: int, seconds: int) -> list[float]:
    """Return median and 99th percentile in ms, requests per second, and the number of failures."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", f"{folder}/wrk.lua"]
    done = subprocess.run([*command, f"http://127.0.0.1:{port}/{path}"], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.partition("RESULT")[2])


def wait_for(port: int) -> None:
    """Wait until the service accepts connections, which it does once its model is loaded."""
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the service has not started in a minute")


def resident(pid: int, n_workers: int) -> str:
    """Return the resident memory of the largest of a process and its children, the workers; only Linux has /proc."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
    statuses = [Path(f"/proc/{one}/status").read_text(encoding="utf-8") for one in [str(pid), *children]]
    sizes = sorted(int(status.partition("VmRSS:")[2].split()[0]) / 1e3 for status in statuses)
    return ", ".join(f"{size:.0f}" for size in sizes[-n_workers:])


def processor() -> str:
    """Return the name of the processor."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


if __name__ == "__main__":
    main()
