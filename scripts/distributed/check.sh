#!/usr/bin/env bash
# Tests the distributed run on a cluster of two workers on this machine, in a virtual environment below
# the target folder of cargo.
# Needs Python 3.10 or newer, a package index, and the program that cargo built (or TARJOMAN=PROGRAM). With --spark
# Spark is tested as well, which needs Java.
set -euo pipefail
cd "$(dirname "$0")/../.."
wanted=(scripts/distributed/requirements.txt)
[ "${1:-}" = --spark ] && wanted+=(scripts/distributed/requirements-spark.txt)

python=
for name in python3 python3.13 python3.12 python3.11 python3.10; do
  if command -v "$name" > /dev/null && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
    python=$(command -v "$name")
    break
  fi
done
if [ -z "$python" ]; then
  echo "scripts/distributed/check.sh: there is no Python 3.10 or newer, so that the distributed run can't be tested;" \
    "install python3 with its venv (Debian: apt-get install python3-venv)" >&2
  exit 1
fi
if [ "${1:-}" = --spark ] && ! command -v java > /dev/null; then
  echo "scripts/distributed/check.sh: Spark needs Java (Debian: apt-get install default-jre-headless)" >&2
  exit 1
fi

target=${CARGO_TARGET_DIR:-target}
folder=$target/distributed
export TARJOMAN=${TARJOMAN:-$(realpath -m "$target/debug/tarjoman")}
made=$(cat "${wanted[@]}" <(echo "$python") | cksum)
if [ "$(cat "$folder/made" 2> /dev/null)" != "$made" ]; then
  rm -rf "$folder"
  mkdir -p "$folder"
  # Debian's python3 has venv without ensurepip unless python3-venv is installed.
  if "$python" -m venv "$folder/venv" 2> "$folder/log"; then
    install=("$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check)
  elif command -v uv > /dev/null; then
    rm -rf "$folder/venv"
    uv venv --quiet --python "$python" "$folder/venv"
    install=(uv pip install --quiet --python "$folder/venv/bin/python")
  elif rm -rf "$folder/venv" && "$python" -m virtualenv --quiet "$folder/venv" 2>> "$folder/log"; then
    install=("$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check)
  else
    cat "$folder/log" >&2
    echo "scripts/distributed/check.sh: no virtual environment can be made; install python3-venv, uv or virtualenv" >&2
    exit 1
  fi
  "${install[@]}" "${wanted[@]/#/-r}"
  echo "$made" > "$folder/made"
fi
export PYTHONDONTWRITEBYTECODE=1
exec "$folder/venv/bin/python" scripts/distributed/test_distributed.py "$@"
