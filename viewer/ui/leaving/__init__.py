"""What is left behind of a case: pictures, a handout, a film, a page for a browser."""
