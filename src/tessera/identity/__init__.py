"""How customers sign in, and the keys that sign what we hand out."""
