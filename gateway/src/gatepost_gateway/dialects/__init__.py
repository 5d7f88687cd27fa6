"""Wire formats, both directions: pure, bytes in and bytes out."""
