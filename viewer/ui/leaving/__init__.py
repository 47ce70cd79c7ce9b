"""What is left behind of a case: pictures, a hand-out, a film, a page for a browser."""
