#!/usr/bin/env bash
# Fits ours and theirs side by side on known worlds and prints one table; installs the peers itself.
# Arguments: numbers of rows; left out, 10000 100000 1000000. Exit 1: an AUC is not what the world allows.
set -euo pipefail
cd "$(dirname "$0")/../.."
echo "building the release, and the peers if they are not there" >&2
cargo build --quiet --release --locked -p dropout-trainer --example learning_bench
export OMP_NUM_THREADS=2 OPENBLAS_NUM_THREADS=2
exec sh trainer/tests/peers.sh bench/learning/compare.py target/release/examples/learning_bench "$@"
