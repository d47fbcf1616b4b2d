"""Pages that mails lead to, and the page on which a demo shows the mails themselves."""
