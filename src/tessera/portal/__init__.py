"""The member's own pages: what they hold and may use, their details, their company's people."""
