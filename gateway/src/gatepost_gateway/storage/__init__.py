"""What is kept on disk: configuration and identities, secrets, records."""
