"""RabbitMQ as its operator sees it."""
