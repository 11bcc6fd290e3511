"""Banks to try the office out with, one file each. No money, no real bank, loopback only."""
