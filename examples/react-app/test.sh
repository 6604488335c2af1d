#!/usr/bin/env bash
# test.sh SERVICE KEY_FILE FOLDER: builds the app in a folder of its own, checks that its types are the running service's, and uses
# it in Chromium. Screenshots are left in FOLDER. Exit 77: Node.js or Chromium is not here.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
service=$1 key_file=$2 folder=$3
for browser in chromium chromium-browser google-chrome; do CHROMIUM=${CHROMIUM:-$(command -v $browser || true)}; done
export CHROMIUM
command -v npm >/dev/null && [ -n "$CHROMIUM" ] || exit 77
work=$here/../../.cache/react-app
mkdir -p "$work" "$folder"
exec 9> "$work.lock"
flock 9
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true' EXIT
rm -rf "$work/src" "$work/test" "$work/dist"
cp -r "$here"/{package.json,package-lock.json,.npmrc,tsconfig.json,vite.config.ts,index.html,server.mjs,types.mjs,src,test} "$work"
cd "$work"
if ! cmp -s package-lock.json node_modules/.taken; then
  npm ci --silent >&2 || exit 77
  cp package-lock.json node_modules/.taken
fi
export SERVICE_URL=$service API_KEY_FILE=$key_file
node types.mjs types.new
if [ -n "${UPDATE_GOLDEN:-}" ]; then cp types.new "$here/src/service.ts"; cp types.new src/service.ts; fi
diff src/service.ts types.new >&2 || { echo "src/service.ts is not what the service says; run this test with UPDATE_GOLDEN=1" >&2; exit 1; }
npm run --silent build >&2
PORT=0 node server.mjs > server.log 2>&1 &
server=$!
for _ in $(seq 100); do
  page=$(sed -n 's/^\(http:.*\)$/\1\//p' server.log)
  [ -z "$page" ] || break
  sleep 0.1
done
node test/app.mjs "$page" "$(cat "$key_file")" "$folder"
if grep -q "P-00" server.log; then echo "the back end's log names a patient" >&2; exit 1; fi
