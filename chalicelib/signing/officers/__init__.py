"""Letters that persons answer for: one officer prepares, another approves, the office's seal goes on, both are named."""
