"""Requests through `anthropic`: two CPU seconds to import, so that `gateway` imports this with the first request."""
