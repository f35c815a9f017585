#!/usr/bin/env bash
# All tests, in two processes side by side: what looks at answers, models and shoppers, and what serves, shows and documents them. Two halves take
# half the time of one run on two cores, and each loads the models that it needs once. With arguments: one run of pytest with these.
set -uo pipefail
cd "$(dirname "$0")/.."
if [ $# -gt 0 ]; then exec .venv/bin/python -m pytest "$@"; fi

served=(tests/browser tests/cli tests/docs tests/security tests/server tests/deploy)
others=()
for path in tests/*/ tests/test_*.py; do
  path=${path%/}
  case " ${served[*]} tests/__pycache__ " in *" $path "*) ;; *) others+=("$path") ;; esac
done
log=$(mktemp)
trap 'rm -f "$log"; kill "$beside" 2>/dev/null' EXIT
.venv/bin/python -m pytest -p no:cacheprovider "${others[@]}" >"$log" 2>&1 &
beside=$!
.venv/bin/python -m pytest "${served[@]}"
one=$?
wait "$beside"
other=$?
echo "== the other half: ${others[*]}"
cat "$log"
exit $((one | other))
