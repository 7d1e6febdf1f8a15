"""What banks and mobile-money houses send and take: statements read, orders written. Knows no payment of ours, no table."""
