"""All SQL of webhook-relay, by what it keeps."""
