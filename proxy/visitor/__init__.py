"""Who asks: the signals that one request tells of."""
