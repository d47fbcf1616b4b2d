"""Tessera: who is a member, of what, until when, and what that lets them do."""

__version__ = "0.1.0"
