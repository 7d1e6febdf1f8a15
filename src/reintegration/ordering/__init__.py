"""Ordering: released payments gathered into orders to a bank, each written as one sealed file."""
