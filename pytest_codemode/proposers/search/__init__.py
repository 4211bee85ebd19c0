"""Program repair by templates and search: no model, no key, no network."""
