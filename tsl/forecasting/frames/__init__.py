"""From frames of every form to a panel, and results back into that form."""
