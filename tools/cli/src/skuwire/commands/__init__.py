"""One module per command; `skuwire.main` wires them."""
