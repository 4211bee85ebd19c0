"""How a worker is fenced in: one file a mechanism."""
