"""How a set is built: sources give judged requests, tasks turn them into examples with the prompts that are served."""
