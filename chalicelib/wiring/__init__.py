"""Where everything is joined, and nowhere else: one file for each room, `ground` below them, `rooms` above."""
