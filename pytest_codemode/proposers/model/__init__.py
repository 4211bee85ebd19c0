"""A model as a proposer: what is said to it, how its answers are read, and what it may spend."""
