"""The Common Workflow Language, evaluated: by the compiler with what is known, on the node with the rest."""
