"""What an office asks of the edge: each operation once, for the dispatcher and for the document that describes it."""
