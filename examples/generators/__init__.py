"""Makers of the example datasets; all texts are our own."""
