#!/bin/sh
# Runs Python with XGBoost, scikit-learn and pandas from an environment of its own below .cache; installs them if they are
# not there. Exit 77: they cannot be installed here.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
home="$here/../../.cache/xgboost"
mkdir -p "$home"
exec 9>"$home.lock"
flock 9
if ! "$home/bin/python" -c 'import pandas, sklearn, xgboost' 2>/dev/null; then
    python3 -m venv "$home" >&2 && "$home/bin/pip" install --quiet 'xgboost-cpu>=3.1' 'scikit-learn>=1.5' pandas >&2 || exit 77
fi
exec 9>&-
exec "$home/bin/python" "$@"
