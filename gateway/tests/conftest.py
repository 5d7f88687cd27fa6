"""What every test of the gateway shares."""
