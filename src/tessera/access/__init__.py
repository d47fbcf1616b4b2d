"""What a membership lets its holder do: the decision, its explanation, the access API. Reads only."""
