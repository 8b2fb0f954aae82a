"""Documents and media: document stores, destinations, the delivery outbox."""
