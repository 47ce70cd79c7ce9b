"""Two volumes in one window: side by side, or with a curtain between them."""
