"""What functions of the project do with their arguments, noted while its tests run."""
