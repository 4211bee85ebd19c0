"""Pure: bytes in, bytes out. An edit is a splice of the original text at a span found once per file content."""
