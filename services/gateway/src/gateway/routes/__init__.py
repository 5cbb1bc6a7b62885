"""The HTTP routes: read, accept, answer; what they mean is decided elsewhere."""
