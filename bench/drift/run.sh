#!/usr/bin/env bash
# Compares two files of rows with ours, Evidently and NannyML side by side and prints one table; installs the peers itself.
# Arguments: numbers of rows; left out, 10000 100000 1000000. Exit 1: a bound is broken.
set -euo pipefail
cd "$(dirname "$0")/../.."
echo "building the release, and the peers if they are not there" >&2
cargo build --quiet --release --locked -p dropout-monitor
peer() { # folder below .cache, module to try, packages
    local home=".cache/$1" module="$2"
    shift 2
    if ! "$home/bin/python" -c "import $module, pyarrow" 2>/dev/null; then
        python3 -m venv "$home" >&2
        "$home/bin/pip" install --quiet "$@" pyarrow >&2
    fi
}
peer evidently evidently 'evidently==0.7.23' 'pandas<3'
peer nannyml nannyml 'nannyml==0.13.1' statsmodels
export DO_NOT_TRACK=1 NML_DISABLE_USAGE_LOGGING=1 OMP_NUM_THREADS=2
exec python3 bench/drift/compare.py target/release/dropout-monitor "$@"
