"""A folder for PYTHONPATH: Python finds `sitecustomize` here while it starts, before its program."""
