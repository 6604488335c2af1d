#!/bin/sh
# Runs a script of this folder (oracle.py unless ORACLE names another) with scikit-learn and statsmodels. Exit 77: they
# cannot be installed here.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../tests/venv.sh"
venv sklearn 'sklearn, statsmodels' 'scikit-learn>=1.5' 'statsmodels>=0.14'
exec "$python" "$here/${ORACLE:-oracle.py}" "$@"
