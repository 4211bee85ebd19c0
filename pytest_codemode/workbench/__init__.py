"""What an agent may do with the project under repair: one definition for MCP tools, function calling and code mode."""
