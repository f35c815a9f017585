"""Server: the path of a request over HTTP. It adds no recommending of its own; every answer comes from a Shelf."""
