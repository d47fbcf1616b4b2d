"""What `tessera backup` writes and `tessera restore` reads: one file with everything that an installation holds."""
