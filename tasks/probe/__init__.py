"""How far back models can remember: what is trained, what was measured, and what follows from it."""
