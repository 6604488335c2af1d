#!/bin/sh
# Runs oracle.py of this folder with SciPy. Exit 77: it cannot be installed here.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../tests/venv.sh"
venv scipy scipy 'scipy>=1.14'
exec "$python" -W ignore "$here/oracle.py" "$@"
