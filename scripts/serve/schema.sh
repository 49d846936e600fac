#!/usr/bin/env bash
# Has schemathesis ask a service all that its OpenAPI description allows, and much that it does not. Needs
# `pip install schemathesis` and a build with `--features serve`.
#
#     scripts/serve/schema.sh [MORE ARGUMENTS OF tarjoman serve]
set -euo pipefail
cd "$(dirname "$0")/../.."
program=${TARJOMAN:-target/release/tarjoman}
port=${PORT:-5055}
"$program" serve --port "$port" --quiet --char-limit 300 --max-length 16 --beams 2 "$@" > /dev/null &
service=$!
trap 'kill $service 2> /dev/null' EXIT
for _ in $(seq 100); do
  (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null && break
  sleep 0.1
done
# Not that all that fits the description is taken: which languages are depends on the model, and what is a readable
# file on its content.
schemathesis run "http://127.0.0.1:$port/openapi.json" --checks all --exclude-checks positive_data_acceptance \
  --max-examples "${EXAMPLES:-40}" --request-timeout 60 --generation-deterministic
kill -TERM $service
wait $service
