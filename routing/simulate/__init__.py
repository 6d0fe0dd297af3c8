"""The engine at work on made-up or bygone days: whoever wants to change rules or staff can try it here first.

Pure: nothing here reads a database, a file or a clock. Time is minutes from the beginning of what is simulated.
"""
