"""RabbitMQ: topology, confirmed publish, intake with inbox, outbox relay, retries and dead letters."""
