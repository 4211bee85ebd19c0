#!/usr/bin/env bash
# Installs pytest-codemode from this checkout into a virtual environment of its own, away from the project's.
# `-I` and `cd /`: the checkout of a change is the working directory, and must not lend its modules to what is run here.
# `-S`: an earlier step may have installed packages for this interpreter, and a .pth file among them is code.
set -euo pipefail

source=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
python=${INPUT_ENGINE_PYTHON:-python3}
venv=$RUNNER_TEMP/codemode-engine

cd /
if ! "$python" -I -S -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "engine-python: $python is no Python of 3.11 or later; set one up, as with actions/setup-python" >&2
    exit 2
fi
"$python" -I -S -m venv --clear "$venv"
"$venv/bin/python" -I -m pip install --quiet --disable-pip-version-check --no-input "$source"
"$venv/bin/python" -I -m pytest_codemode.cli.main version
