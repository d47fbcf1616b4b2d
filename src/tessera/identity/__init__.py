"""How a customer signs in: codes by e-mail, tokens of trusted sites, sessions; and keys that sign tokens of ours."""
