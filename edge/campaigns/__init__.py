"""One text to many people: who may get it, when, at what rate, and what became of each."""
