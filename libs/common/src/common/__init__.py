"""What every service shares: contracts, messaging, database, HTTP and telemetry."""
