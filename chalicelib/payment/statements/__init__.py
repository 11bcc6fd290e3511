"""Bank statements: three forms, one small line model."""
