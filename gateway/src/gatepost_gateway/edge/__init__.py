"""The edge speaks HTTP and calls the pipeline. Nothing below it knows a status line."""
