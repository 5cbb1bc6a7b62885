"""The contract with the real shop: recorded exchanges, replayed against the simulator and compared."""
