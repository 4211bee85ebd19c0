"""Repair operators, one family a module; `table` names them all."""
