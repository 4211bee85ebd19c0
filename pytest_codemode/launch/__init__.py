"""The plugin's side of a repair: what is loaded once a flag of ours is seen, in the user's own pytest process."""
