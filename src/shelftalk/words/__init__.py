"""Words that every stage reads alike: their stems, those that say nothing to search for, number words, units and currencies.

The lists are data files beside the code; it knows no product and no request.
"""
