#!/usr/bin/env bash
# Opens a pull request of BRANCH against TARGET, or updates the one that is open. Every value is foreign and stays quoted.
set -euo pipefail

body=$RUNNER_TEMP/codemode-body.md
title="codemode: a patch for the failing tests"
number=$(gh pr list --repo="$GITHUB_REPOSITORY" --head="$BRANCH" --base="$TARGET" --state=open --json=number --jq='.[0].number // empty')
if [ -n "$number" ]; then
    gh pr edit "$number" --repo="$GITHUB_REPOSITORY" --body-file="$body"
else
    gh pr create --repo="$GITHUB_REPOSITORY" --head="$BRANCH" --base="$TARGET" --title="$title" --body-file="$body"
fi
