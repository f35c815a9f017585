"""Facts: what a product's record says, field by field, as prompts and sentences speak of it, with where it stands."""
