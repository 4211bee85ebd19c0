"""MCP tools over the sandbox."""
