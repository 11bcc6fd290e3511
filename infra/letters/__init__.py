"""One of each letter of the office, at each level, with long, odd and mixed data: for anyone's validator."""
