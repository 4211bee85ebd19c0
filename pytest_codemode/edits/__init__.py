"""Pure: bytes in, bytes out. An edit is a byte splice at a span that libcst found."""
