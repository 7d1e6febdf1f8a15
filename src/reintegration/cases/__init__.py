"""Cases: people, households, travel, referral, arrival, closure."""
