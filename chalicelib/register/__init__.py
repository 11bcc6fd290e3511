"""The register: streams of hash-chained entries, and the few items that stand beside them. One row, one truth."""
