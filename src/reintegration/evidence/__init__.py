"""Evidence: documents and their digests."""
