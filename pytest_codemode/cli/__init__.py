"""The `codemode` command and the engine's entry."""
