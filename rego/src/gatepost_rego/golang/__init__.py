"""Go's own formats, which OPA's built-ins inherit: floats, verbs, quoting, times, durations.

Nothing here knows Rego values; every function takes and gives plain Python ones.
"""
