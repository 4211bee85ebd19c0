#!/usr/bin/env bash
# Lets the sandbox make user namespaces on a runner that restricts them (AppArmor on Ubuntu 24.04), or says that it cannot.
# Without them the sandbox is the weaker level `landlock`, and every summary says so. $1: the kernel's switch.
set -euo pipefail

switch=${1:-/proc/sys/kernel/apparmor_restrict_unprivileged_userns}

if [ "${INPUT_PREPARE_RUNNER:-true}" = false ]; then
    echo "the runner is left as it is"
elif [ ! -r "$switch" ] || [ "$(cat "$switch")" != 1 ]; then
    echo "AppArmor does not restrict user namespaces here"
elif sudo -n sysctl -q -w kernel.apparmor_restrict_unprivileged_userns=0 2>/dev/null; then
    echo "user namespaces are allowed now (kernel.apparmor_restrict_unprivileged_userns=0), until this runner ends"
else
    echo "AppArmor restricts user namespaces and sudo is not available: the sandbox will be landlock, not namespaces"
fi
