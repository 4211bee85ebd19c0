"""What an untrusted patch, test or repository tries, for real."""
