"""Tra: the electronic front office of an intellectual-property office. Start reading at `app.py`."""
