"""Starts both services, calls them in turns with wrk, and prints one table. Everything stays on 127.0.0.1 and ends with it.
Arguments: our service, our trainer, the peer's python, wrk."""
import json
import os
import re
import secrets
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

service, trainer, python, wrk = sys.argv[1:]
here = Path(__file__).resolve().parent
seconds = int(os.environ.get("SECONDS_EACH", "8"))
ROUNDS, CONNECTIONS, MILLION = 3, 16, 1_000_000
PATIENT = {"patient_id": "P-17", "age": 61, "days_in_trial": 56, "visits_completed": 9, "adverse_events": 0}


def free() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def ready(port: int, path: str) -> None:
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=1)
            return
        except urllib.error.HTTPError as refusal:
            if refusal.code in (404, 405):
                return
        except OSError:
            pass
        time.sleep(0.005)


def script(folder: Path, body: dict) -> str:
    text = json.dumps(body, separators=(",", ":"))
    file = folder / f"{secrets.token_hex(4)}.lua"
    file.write_text(
        f"wrk.method='POST' wrk.body=[[{text}]] wrk.headers['content-type']='application/json' wrk.headers['x-api-key']='{KEY}'\n"
        "done=function(s,l,r) io.write(string.format('RESULT %d %d %d %f %f\\n', s.requests, s.errors.status+s.errors.connect"
        "+s.errors.read+s.errors.write+s.errors.timeout, s.duration, l:percentile(50), l:percentile(99))) end\n"
    )
    return str(file)


def call(port: int, path: str, lua: str, length: int, scheme: str = "http") -> tuple[float, float, float, int]:
    """Requests a second, p50 and p99 in ms, requests."""
    words = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{length}s", "--timeout", "10s", "-s", lua, f"{scheme}://127.0.0.1:{port}{path}"]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    found = re.search(r"RESULT (\d+) (\d+) (\d+) ([\d.]+) ([\d.]+)", said)
    requests, errors, micros, half, most = (float(part) for part in found.groups())
    if errors:
        sys.exit(f"{int(errors)} of {int(requests)} requests to {path} failed:\n{said}")
    return requests / micros * 1e6, half / 1e3, most / 1e3, int(requests)


def resident(process: subprocess.Popen) -> float:
    """MiB."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024


def start(folder: Path, name: str, **more: object) -> subprocess.Popen:
    """A service of ours, ready to be called. Its records and log are in the folder `name`."""
    (folder / name / "records").mkdir(parents=True)
    environment = {
        "API_KEY": KEY, "MODEL_PATH": folder / "v1/bundle.json", "RECORDS": folder / name / "records", "TOKIO_WORKER_THREADS": 1,
        "PSEUDONYM_KEY_FILE": folder / "pseudonym", "ADDRESS": "127.0.0.1", "DRAIN": "1s", **more,
    }
    with open(folder / name / "log", "wb") as log:
        process = subprocess.Popen([service], env={name: str(value) for name, value in environment.items()}, stdout=log)
    running.append(process)
    ready(more["HEALTH_PORT"], "/readyz")
    return process


def certify(folder: Path) -> Path:
    tls = folder / "certificate"
    tls.mkdir()
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"]
    subprocess.run([*words, "-subj", "/CN=localhost", "-keyout", tls / "tls.key", "-out", tls / "tls.crt"], check=True, capture_output=True)
    return tls


KEY = secrets.token_hex(32)
running: list[subprocess.Popen] = []


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            return compare(folder)
        finally:
            for process in running:
                process.send_signal(signal.SIGTERM)
            for process in running:
                process.wait(30)


def compare(folder: Path) -> int:
    rows, model = folder / "trial.csv", here.parent.parent / "examples/quickstart/model.yaml"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([trainer, "simulate", "--patients", "2000", "--seed", "1", "--out", rows], check=True, **quiet)
    subprocess.run([trainer, "train", "--spec", model, "--data", rows, "--out", folder / "v1"], check=True, **quiet)
    (folder / "pseudonym").write_bytes(secrets.token_bytes(32))
    port, other, secured = free(), free(), free()
    begin = time.perf_counter()
    ours = start(folder, "plain", PORT=port, HEALTH_PORT=free())
    to_ready = (time.perf_counter() - begin) * 1e3
    start(folder, "secured", PORT=secured, HEALTH_PORT=free(), TLS=certify(folder))
    peer_environment = {**os.environ, "API_KEY": KEY, "OMP_NUM_THREADS": "1"}
    peer = subprocess.Popen([python, here / "peer.py", rows, str(other)], env=peer_environment)
    running.append(peer)
    ready(other, "/predict")

    one, hundred = script(folder, PATIENT), script(folder, {"rows": [PATIENT] * 100})
    cases = [
        ("one patient", "/predict", one, "http", True),
        ("100 patients", "/v1/predict:batch", hundred, "http", True),
        ("with 3 reasons", "/predict?explain=3", one, "http", False),
        ("over TLS", "/predict", one, "https", False),
    ]
    print(f"wrk -t1 -c{CONNECTIONS}, {ROUNDS} rounds of {seconds} s each in turns, medians; ours with key check, pseudonym, record and log line")
    print(f"{'':<16}{'ours req/s':>12}{'p50 ms':>9}{'p99 ms':>9}{'FastAPI':>12}{'p50 ms':>9}{'p99 ms':>9}{'times':>8}{'p99 share':>11}")
    is_good, made = True, 0
    for what, path, lua, scheme, has_peer in cases:
        mine, theirs = [], []
        for _ in range(ROUNDS):
            mine.append(call(secured if scheme == "https" else port, path, lua, seconds, scheme))
            made += mine[-1][3] if scheme == "http" else 0
            if has_peer:
                theirs.append(call(other, path, lua, seconds))
        median = lambda rounds: [statistics.median(each) for each in zip(*rounds)]
        rate, half, most, _ = median(mine)
        line = f"{what:<16}{rate:>12,.0f}{half:>9.3f}{most:>9.3f}"
        if has_peer:
            peer_rate, peer_half, peer_most, _ = median(theirs)
            times, share = rate / peer_rate, most / peer_most
            line += f"{peer_rate:>12,.0f}{peer_half:>9.2f}{peer_most:>9.2f}{times:>8.1f}{share:>11.3f}"
            is_good &= what != "one patient" or (times >= 40 and share <= 0.1)
        print(line, flush=True)
    while made < MILLION:
        made += call(port, "/predict", one, seconds)[3]
    memory, theirs = resident(ours), resident(peer)
    is_good &= memory <= 30 and to_ready <= 500
    print(f"memory after {made:,} requests {memory:.1f} MiB (FastAPI {theirs:.0f} MiB); start to ready {to_ready:.0f} ms")
    print("bounds: 40 times the requests and a tenth of the p99 for one patient, 30 MiB, 500 ms:", "kept" if is_good else "BROKEN")
    return 0 if is_good else 1


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
