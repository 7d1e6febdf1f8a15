"""Treasury: who holds which money before it is paid. Advances to partners and offices, and the cash book that they write."""
