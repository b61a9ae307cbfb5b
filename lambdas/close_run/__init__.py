"""Closes a run whose execution was aborted, timed out or failed before it could report.

EventBridge calls it for every execution of the machine that ends other than SUCCEEDED; a run that has
reported its end already is left alone. Calls: what ``clean_up`` and ``finish_run`` call, and
    dynamodb:Query  on the ledger's index runs-by-time
"""
