"""Inputs worth trying, without a model: what to call, as source text. Pure; project code is parsed, never run."""
