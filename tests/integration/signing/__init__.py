"""The signing room with its tools: typst, pyHanko, KMS in moto."""
