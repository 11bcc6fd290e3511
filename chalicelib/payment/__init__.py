"""Payment: what is due, how it is asked for, and what counts as proof that it was paid."""
