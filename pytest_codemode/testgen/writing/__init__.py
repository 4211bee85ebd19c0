"""From what was observed to the tests a reviewer would keep: oracles, names, layout; bytes in, bytes out."""
