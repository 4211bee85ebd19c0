"""Branch coverage of a whole run. With `mapping` the only part of a worker that imports coverage.

Everything is counted by coverage.py itself, with the project's configuration: the numbers are those of a plain
`pytest --cov --cov-branch`.
"""
