"""Key-account managers: orders to departments and the mandates behind them."""
