"""The pages of signing up: the same views on two surfaces, in a frame on another site and at home."""
