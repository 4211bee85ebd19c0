"""pytest-codemode: failing tests in, proven patches out. Importing this package imports nothing else of it.

PYTEST_DONT_REWRITE: workers import this package before pytest runs in them; pytest would warn that it came too late.
"""

__version__ = "0.1.0"
