"""Pure data and arithmetic; the standard library only."""
