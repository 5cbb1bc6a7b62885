"""Messages that no service could handle: looked at, edited, sent back, discarded."""
