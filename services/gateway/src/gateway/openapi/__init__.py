"""The OpenAPI document: made of the operations that the router serves, and of nothing else."""
