"""The demo: a shop filled from an invented retailer's catalogue."""
