"""HTTP in: authenticates, parses a dialect into product changes, cuts chunks, answers."""
