"""How much a caller may ask, and how much the gateway takes in while earlier work is not done."""
