"""2 store. Files come straight to quarantine, are checked as they lie there, and are taken into custody once filed."""
