"""The catalogue: what can be held, at which prices, and what it lets people do."""
