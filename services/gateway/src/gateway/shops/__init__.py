"""Shops that tenants register over HTTP: read, checked, kept, told to the other services, removed."""
