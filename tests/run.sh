#!/usr/bin/env bash
# Runs the named levels of tests, unit api node, and ends with one line a level. Exit code 1 if any test failed.
set -uo pipefail
cd "$(dirname "$0")/.."
# A test that is skipped says so on a line of its own; captured output would hide it.
export RUST_TEST_NOCAPTURE=1
export DROPOUT_SHARED=${DROPOUT_SHARED:-$PWD/../shared}
log=target/test-logs
mkdir -p "$log"
lines=() status=0 rest=
trap '[ -z "$rest" ] || kill -- "-$rest" 2>/dev/null' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say() { printf '\n== %s\n' "$*"; }

# run LEVEL COMMAND...: shows the command's output and keeps it.
run() {
  local level=$1; shift
  say "$level: $*"
  "$@" 2>&1 | tee -a "$log/$level.log"
  local code=${PIPESTATUS[0]}
  if [ "$code" != 0 ]; then echo "FAILED COMMAND: $*" >> "$log/$level.log"; status=1; fi
  return "$code"
}

# A picture of everything a cluster could leave behind.
picture() {
  awk '{print "mount " $5}' /proc/self/mountinfo
  for link in /sys/class/net/*; do echo "link ${link##*/}"; done
  find /sys/fs/cgroup -maxdepth 3 -type d 2>/dev/null | grep -iE 'dropout|kube|cni' | sed 's/^/cgroup /'
  { iptables-save -c || true; } 2>/dev/null | sed -n 's/^:\(KUBE[^ ]*\|CNI[^ ]*\).*/chain \1/p'
  ps -eo pid=,args= | grep -E 'dropout-operator/bin-|/dropout-(operator|inference|cluster)( |$)' | grep -v grep | sed 's/^/process /'
}

# Runs after the level's own tests: nothing is left behind. What ends by itself when a test program ends gets a moment.
nothing_left() {
  for _ in $(seq 20); do
    picture > "$log/$1.after"
    [ -n "$(comm -13 <(sort -u "$log/$1.before") <(sort -u "$log/$1.after"))" ] || break
    sleep 1
  done
  DROPOUT_BEFORE=$PWD/$log/$1.before DROPOUT_AFTER=$PWD/$log/$1.after \
    run "$1" "${tests[@]}" --test last_nothing_left
}

# All crates in every call: with fewer, cargo would choose other features and compile the same crates again. Programs that tests
# start are made by this too.
tests=(cargo test --locked --no-fail-fast --workspace)
compiled() { run "$1" cargo test --locked --workspace --no-run; }

unit() {
  run unit tests/setup.sh
  compiled unit || return
  # Tests with a real S3 server have the launcher start one; they skip, loudly, where there is none.
  run unit target/debug/dropout-cluster versitygw
  local each names=(--test 'unit_*')
  for each in */tests/*.rs; do
    [[ $each = tests/* ]] || names+=(--test "$(basename "$each" .rs)")
  done
  run unit "${tests[@]}" --lib --bins "${names[@]}"
}

api() {
  compiled api || return
  run api target/debug/dropout-cluster build --level api || return
  run api "${tests[@]}" --test api
  # Two minutes of rest are counted on a server of their own while the other tests run.
  setsid "${tests[@]}" --test api_rest -- --nocapture > "$log/rest.log" 2>&1 & rest=$!
  local each names=()
  for each in config fleet kill policy rules story; do names+=(--test "api_$each"); done
  run api "${tests[@]}" "${names[@]}" -- --test-threads=8 --nocapture
  wait "$rest" || { echo "FAILED COMMAND: api_rest" >> "$log/api.log"; status=1; }
  rest=
  say "api: api_rest"
  tee -a "$log/api.log" < "$log/rest.log"
  nothing_left api
}

node() {
  compiled node || return
  run node target/debug/dropout-cluster build --level node || return
  run node tests/images.sh || return
  DROPOUT_TEST_NODE=1 run node "${tests[@]}" --test node -- --test-threads=1
  DROPOUT_TEST_NODE=1 run node target/debug/dropout-cluster run --level node -- \
    "${tests[@]}" --test 'node_*' -- --test-threads=1 --nocapture
  nothing_left node
}

for level in "$@"; do
  : > "$log/$level.log"
  start=$SECONDS
  picture > "$log/$level.before"
  "$level"
  passed=$(grep -Eo '^test result: [^;]*[0-9]+ passed' "$log/$level.log" | grep -Eo '[0-9]+ passed' | awk '{n += $1} END {print n + 0}')
  failed=$(grep -Eo '[0-9]+ failed;' "$log/$level.log" | awk '{n += $1} END {print n + 0}')
  skipped=$(grep -c '^SKIPPED:' "$log/$level.log")
  broken=$(grep -c '^FAILED COMMAND:' "$log/$level.log")
  [ "$failed" = 0 ] && [ "$broken" = 0 ] && [ "$passed" -gt 0 ] || status=1
  lines+=("$(printf '%-5s %4d passed  %d failed  %d skipped  %4d s' "$level" "$passed" "$failed" "$skipped" $((SECONDS - start)))")
done
say "summary"
printf '%s\n' "${lines[@]}"
exit "$status"
