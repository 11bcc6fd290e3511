"""What independent programs say about our letters."""
