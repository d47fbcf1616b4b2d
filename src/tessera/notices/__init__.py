"""Mails to customers and staff about what happened, in their language, each fact once."""
