"""What runs inside the sandbox: standard library and pytest only (`mapping` and `measuring` import coverage)."""
