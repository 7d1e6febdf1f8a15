"""The rule engine: facts and a tariff version in, amounts with their reasons out. Pure; any entitlement can be replayed."""
