"""What a letter is worth, for anyone who holds one: the register first, then the file itself."""
