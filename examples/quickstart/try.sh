#!/usr/bin/env bash
# The whole story without a cluster: simulate a trial, train, judge, serve, one prediction a tier. No root; Linux, macOS.
set -euo pipefail
cd "$(dirname "$0")/../.."
source examples/quickstart/predict.sh
here=examples/quickstart
out=target/try
say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true' EXIT

say "1. Compiling the trainer and the inference service (first time: 1 to 2 minutes)"
cargo build --release --locked -p dropout-trainer -p dropout-inference
trainer=target/release/dropout-trainer
mkdir -p "$out"

say "2. A simulated trial of 2,000 patients: $out/trial.csv"
"$trainer" simulate --patients 2000 --seed 7 --out "$out/trial.csv"

say "3. v1, trained on four features and judged against its floor"
"$trainer" train --spec "$here/model.yaml" --data "$out/trial.csv" --out "$out/v1"

say "4. v2, trained on seven features and judged against v1 on the same patients"
"$trainer" train --spec "$here/model-more-features.yaml" --data "$out/trial.csv" --out "$out/v2" --against "$out/v1/bundle.json"

say "5. The gate alone; a worse model is refused (exit code 1)"
"$trainer" train --spec "$here/model-worse.yaml" --data "$out/trial.csv" --out "$out/worse" >/dev/null 2>&1 || true
"$trainer" gate --spec "$here/model-worse.yaml" --candidate "$out/worse/bundle.json" --production "$out/v2/bundle.json" \
  --data "$out/trial.csv" || echo "(exit code $?)"

say "6. v2 served on 127.0.0.1, one prediction a tier"
key=try-$RANDOM$RANDOM
: > "$out/server.log"
API_KEY=$key MODEL_PATH=$out/v2/bundle.json MODEL_VERSION=v2 \
  target/release/dropout-inference --address 127.0.0.1 --port 0 --health-port 0 > "$out/server.log" 2>&1 &
server=$!
port=
for _ in $(seq 100); do
  port=$(sed -n 's/.*"message":"started".*"port":\([0-9]*\).*/\1/p' "$out/server.log" | head -n 1)
  if [ -n "$port" ] && grep -q '"message":"ready"' "$out/server.log"; then break; fi
  sleep 0.1
done
[ -n "$port" ] || { echo "the service did not start:"; cat "$out/server.log"; exit 1; }
"$trainer" score --bundle "$out/v2/bundle.json" --data "$out/trial.csv" --out "$out/risks.csv" 2>/dev/null
columns="age days_in_trial visits_completed adverse_events visits_missed days_since_last_visit distance_km remote_visits"
threshold=$(sed -n 's/.*"threshold": *\([0-9.e-]*\).*/\1/p' "$out/v2/report.json" | head -n 1)
while read -r body; do
  [ -n "$body" ] || continue
  echo "curl http://127.0.0.1:$port/predict -H 'x-api-key: ...' -H 'content-type: application/json' -d '$body'"
  predict "$port" "$key" "$body"; echo
done < <(example_patients "$out/risks.csv" "$out/trial.csv" "$columns" "${threshold:-0.1}")

say "Done. Next"
echo "  make demo                        the same on a real Kubernetes node, run by the operator"
echo "  $out/v2/report.html        the evaluation report of v2, for people"
echo "  $trainer --help        train on data of your own"
