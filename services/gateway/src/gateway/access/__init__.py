"""Who may come in and what they may do: passwords, tokens, API keys, roles and scopes, guessing."""
