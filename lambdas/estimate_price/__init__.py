"""Price: a range for the run from tokens, epochs, serving hours and the dated price table.

Calls: nothing in AWS.
"""
