"""Routes: one file a resource; each reads a checked body, calls the state's collaborators, and shapes the reply."""
