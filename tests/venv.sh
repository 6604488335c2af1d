# Sourced. `venv NAME MODULES PACKAGE...` names an environment of Python of that name below .cache in $python; installs the
# packages if the modules are not there, one caller at a time. Exit 77: they cannot be installed here.
venv() {
    environment="$(cd "$(dirname "$0")/../.." && pwd)/.cache/$1" modules=$2
    shift 2
    python="$environment/bin/python"
    mkdir -p "$environment"
    exec 9>"$environment.lock"
    flock 9
    if ! "$python" -c "import $modules" 2>/dev/null; then
        python3 -m venv "$environment" >&2 && "$environment/bin/pip" install --quiet "$@" >&2 || exit 77
    fi
    exec 9>&-
}
