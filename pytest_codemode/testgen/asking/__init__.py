"""A model as one more source of calls, asked for what the search left open: how it is asked, and what it may say."""
