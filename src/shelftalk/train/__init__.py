"""Train: judged requests, a shop's logs or a bare catalogue become supervised sets, and the sets an adapter."""
