"""pytest-codemode: failing tests in, proven patches out. Importing this package imports nothing else of it."""

__version__ = "0.1.0"
