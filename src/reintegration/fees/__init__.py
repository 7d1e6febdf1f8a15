"""Service fees: what partners get for their service on a case, beside the returnee's money and never out of it."""
