"""Screening: what a file is, whether it is dangerous, and whether it is within the rules; each file in a process of its own."""
