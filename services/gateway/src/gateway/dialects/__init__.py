"""The dialects: each maps its requests to drafts of changes and what became of them to its answers."""
