"""Calls of project code that are tried out: runs in a fork among foreign code, of which nothing is trusted."""
