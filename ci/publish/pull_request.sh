#!/usr/bin/env bash
# Opens a pull request of BRANCH against TARGET, or updates the one that is open. Every value is foreign and stays quoted.
set -euo pipefail

body=$RUNNER_TEMP/codemode-body.md
title="codemode: a proposed patch"
# A fork may have a branch of the same name, one of the same owner's too, and its pull request is somebody else's.
ours='map(select(.head.repo.full_name == $ENV.GITHUB_REPOSITORY))[0].number // empty'
number=$(gh api --method=GET "repos/$GITHUB_REPOSITORY/pulls" --raw-field=state=open \
    --raw-field="head=${GITHUB_REPOSITORY%%/*}:$BRANCH" --raw-field="base=$TARGET" --jq="$ours")
if [ -n "$number" ]; then
    gh pr edit "$number" --repo="$GITHUB_REPOSITORY" --body-file="$body"
else
    gh pr create --repo="$GITHUB_REPOSITORY" --head="$BRANCH" --base="$TARGET" --title="$title" --body-file="$body"
fi
