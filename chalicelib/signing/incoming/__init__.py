"""Signatures that come in: what a filer's PDF is signed with, looked at in a process of its own, without a network."""
