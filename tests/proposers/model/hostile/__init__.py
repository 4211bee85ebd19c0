"""Answers of a model that are malformed, or meant to do harm: what reads and judges them is the real thing."""
