"""MCP tools around the sandbox: trusted, and never running foreign code itself."""
