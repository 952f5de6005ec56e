"""How far back models can remember: which are trained on what, and what came of it."""
