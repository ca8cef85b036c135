"""Reading orders, mandates at work, portfolios, qualifications, agreements."""
