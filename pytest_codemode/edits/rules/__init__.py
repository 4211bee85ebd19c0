"""The rules of the policy: what a patch must not do, and what makes it look like a cheat."""
