#!/usr/bin/env bash
# Runs `codemode ci publish` from this checkout with the system's Python; nothing is installed and nothing of the project
# is run: `-P` keeps the working directory, which is the change's, off Python's path.
set -euo pipefail

source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
if ! python3 -I -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "python3 on this runner is no Python of 3.11 or later; set one up, as with actions/setup-python" >&2
    exit 2
fi
words=("--patch=$INPUT_PATCH" "--base=$INPUT_BASE" "--head=$INPUT_HEAD" "--directory=${INPUT_WORKING_DIRECTORY:-.}")
words+=("--report=$(dirname "$INPUT_PATCH")/report.md" "--body=$RUNNER_TEMP/codemode-body.md")
while IFS= read -r glob; do
    [ -z "$glob" ] || words+=("--only=$glob")
done <<<"${INPUT_ONLY:-}"

PYTHONPATH=$source exec python3 -P -s -m pytest_codemode.cli.main ci publish "${words[@]}"
