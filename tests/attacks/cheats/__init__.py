"""Cheats as a model might answer: each turns a failing test green and repairs nothing; none may be accepted."""
