"""Shops that tenants register over HTTP: the gateway tells of them, every service keeps its own copy."""
