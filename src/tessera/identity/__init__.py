"""How a customer signs in: codes by e-mail, tokens of trusted sites, sessions; and the keys that sign our own tokens."""
