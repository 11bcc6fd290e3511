"""Room 4, seal: the office's letters, drawn, sealed, and checked again. Vendors are named in the adapters only."""
