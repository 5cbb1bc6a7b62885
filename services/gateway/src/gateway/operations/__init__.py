"""What the gateway offers, operation by operation: who may call it, what goes in, what comes out.

`operation.py` holds the form of an operation, every other module the operations of one module in `routes/`.
The router, the gate and the OpenAPI document are made of these: a route without an operation cannot be
written.
"""
