//! Ethereum's head, proven by its sync committee.
