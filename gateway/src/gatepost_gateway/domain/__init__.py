"""Nouns, laws and seams: the floor that every other storey stands on. Standard library and msgspec only."""
