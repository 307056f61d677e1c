"""Signing in: passwords, two steps, passkeys, proofs, and the browsers that are signed in."""
