"""One public contract a file: its paths, where its clients put the key, its envelopes."""
