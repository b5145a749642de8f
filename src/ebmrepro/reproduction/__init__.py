"""The published numbers, the claims, and the rules that judge them."""
