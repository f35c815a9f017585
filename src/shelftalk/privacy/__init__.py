"""Privacy: pseudonyms, personal data taken out of texts, differentially private figures, federated averaging."""
