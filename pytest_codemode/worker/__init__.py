"""What runs inside the sandbox: standard library and pytest only (`mapping` alone may import coverage)."""
