"""The pages for people at `/docs`: start, HTTP API, events, guides; nothing in them comes from elsewhere."""
