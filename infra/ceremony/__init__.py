"""The key ceremony: ask for a certificate with the seal's own key, install what the authority gave, look at what is there."""
