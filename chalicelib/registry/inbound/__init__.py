"""The way in: what the office's registry tells us, taken once and in order, or parked for a person."""
