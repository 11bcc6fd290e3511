"""What belongs to one office and not to the trade, as data: a folder of TOML files, validated when loaded (`load.py`)."""
