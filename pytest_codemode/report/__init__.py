"""Views of a finished run; one module a format."""
