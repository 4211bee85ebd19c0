"""The user's tree and what is kept beside it: read once, watched, locked, written as a whole; runs, state, seals."""
