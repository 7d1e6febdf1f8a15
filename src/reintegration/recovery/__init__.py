"""Recovery: what returnees, suppliers and partners owe, what comes of it, and what is given up."""
