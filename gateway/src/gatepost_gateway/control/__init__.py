"""The control plane: configuration, identities and the admin API. It never runs on the way of a call."""
