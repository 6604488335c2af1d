#!/usr/bin/env bash
# Calls our service and a FastAPI + scikit-learn one side by side with wrk on 127.0.0.1, one worker thread each, and prints one
# table; installs the peers and wrk itself. SECONDS_EACH: length of a round (default 8). Exit 1: a bound is broken.
set -euo pipefail
cd "$(dirname "$0")/../.."
echo "building the release, and the peers if they are not there" >&2
cargo build --quiet --release --locked -p dropout-trainer
cargo build --quiet --profile serving --locked -p dropout-inference
home=.cache/fastapi
if ! "$home/bin/python" -c 'import fastapi, uvicorn, sklearn, uvloop, httptools' 2>/dev/null; then
    python3 -m venv "$home" >&2
    "$home/bin/pip" install --quiet 'fastapi==0.165.*' 'uvicorn==0.54.*' uvloop httptools 'scikit-learn==1.9.*' pandas >&2 ||
        "$home/bin/pip" install --quiet fastapi uvicorn uvloop httptools scikit-learn pandas >&2
fi
wrk=$(command -v wrk || true)
if [ -z "$wrk" ]; then
    # Only the program: the package is not installed.
    wrk=.cache/wrk/usr/bin/wrk
    if [ ! -x "$wrk" ]; then
        mkdir -p .cache/wrk
        (cd .cache/wrk && apt-get download wrk libluajit-5.1-2 libluajit-5.1-common >&2 && for each in *.deb; do dpkg-deb -x "$each" .; done)
    fi
    LD_LIBRARY_PATH=$(echo "$PWD"/.cache/wrk/usr/lib/*-linux-gnu)
    export LD_LIBRARY_PATH
fi
if ! command -v openssl >/dev/null; then
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends openssl >&2
fi
exec python3 bench/serving/compare.py target/serving/dropout-inference target/release/dropout-trainer "$home/bin/python" "$wrk"
