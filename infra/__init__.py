"""The ground Tra stands on: one template, its packaging, and the whole office on one machine."""
