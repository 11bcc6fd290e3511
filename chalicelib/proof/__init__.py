"""What proves a letter without us: the formats of the log and of the seal, and checks that need public keys only.

Nothing here knows the register, AWS or an office: the service builds with it, and anyone can install it alone.
"""
