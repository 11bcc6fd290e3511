"""Small words every room uses: ids, time, money, digests, canonical and strict JSON, errors. Imports nothing of ours."""
