"""`python -m webhook_relay` runs the service."""

from webhook_relay.main import main

main()
