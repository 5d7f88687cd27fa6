"""The durable memory: a journal of what happened, and the records that are folded from it.

The data plane process writes the journal (`Journal`); the control process alone writes `records.db` (`Records`), by
folding the journal into it (`Folder`). Nothing here is read while a call is served.
"""
