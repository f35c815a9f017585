"""A Flower app: several shops tune one LoRA adapter by federated averaging (McMahan et al. 2017, arXiv 1602.05629)."""
