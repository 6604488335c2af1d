#!/usr/bin/env bash
# Installs the Debian packages that tests need beside cargo and go: Python with venv for the reference libraries, Chromium to
# see pages as people see them, and Node.js for the example in React. Without root it says what to install; the tests then skip, loudly.
set -uo pipefail
missing=()
python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3 python3-venv)
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null ||
  missing+=(chromium fonts-dejavu-core)
command -v npm >/dev/null || missing+=(nodejs npm)
[ "${#missing[@]}" != 0 ] || exit 0
if [ "$(id -u)" != 0 ]; then echo "tests need: sudo apt-get install -y ${missing[*]}" >&2; exit 0; fi
echo "installing the Debian packages ${missing[*]} ..." >&2
apt-get update -qq >/dev/null
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
  echo "apt-get could not install ${missing[*]}" >&2
