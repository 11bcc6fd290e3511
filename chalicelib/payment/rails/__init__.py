"""One module per way of being paid. A rail talks its bank's language and decides nothing about orders."""
