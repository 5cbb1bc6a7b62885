"""What is told outside: events, the bodies of webhooks, who hears which, and the document of all of it."""
