"""The Postman collection: made from the OpenAPI document, in an order in which its requests work."""
