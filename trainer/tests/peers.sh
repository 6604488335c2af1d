#!/bin/sh
# Runs Python with XGBoost, scikit-learn and pandas. Exit 77: they cannot be installed here.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../tests/venv.sh"
venv xgboost 'pandas, sklearn, xgboost' 'xgboost-cpu>=3.1' 'scikit-learn>=1.5' pandas
exec "$python" "$@"
