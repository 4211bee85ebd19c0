"""Every option: one table, read once, checked once."""
