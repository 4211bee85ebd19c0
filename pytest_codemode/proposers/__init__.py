"""Sources of patches; each implements `core.ports.Proposer`."""
