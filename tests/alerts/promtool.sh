#!/usr/bin/env bash
# promtool.sh: checks the chart's alerts and runs their tests with promtool of the Debian package `prometheus`, which is unpacked
# below .cache and not installed. Exit 77: it cannot be had here.
set -euo pipefail
cd "$(dirname "$0")/../.."
home=.cache/promtool
promtool=$(command -v promtool || true)
if [ -z "$promtool" ]; then
  promtool=$home/usr/bin/promtool
  mkdir -p "$home"
  exec 9> "$home/lock"
  flock 9
  if [ ! -x "$promtool" ]; then
    (cd "$home" && { apt-get download -qq prometheus || { apt-get update -qq && apt-get download -qq prometheus; }; } &&
      dpkg-deb -x prometheus_*.deb . && rm prometheus_*.deb) >&2 || exit 77
  fi
  exec 9>&-
fi
"$promtool" check rules --lint-fatal charts/dropout-operator/monitoring/alerts.yaml
"$promtool" test rules tests/alerts/alerts_test.yaml
