"""The operators as values, one module a group of families; `table` puts them together."""
