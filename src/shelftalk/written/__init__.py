"""The written set (data/wishes): kinds of product with their fields, what shoppers want of them, needs and reasons.

Read here into values, parted into train, dev and test, and given made-up products to choose from. It knows no model.
"""

from shelftalk.written.parse import Kind, Need, Reason, Wish, WrittenSet, read_written
from shelftalk.written.products import made_products
from shelftalk.written.texts import WrittenText, read_texts

__all__ = ["Kind", "Need", "Reason", "WrittenText", "Wish", "WrittenSet", "made_products", "read_texts", "read_written"]
