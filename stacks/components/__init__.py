"""Constructs: one file, one capability."""
