"""Tests for uncovered lines: gaps, inputs, oracles, acceptance, and the tests as a reviewer would write them."""
