"""Where foreign code runs: the trusted side of the workers."""
