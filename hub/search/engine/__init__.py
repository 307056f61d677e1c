"""The code index by itself, without rows and without a hub: texts, a filter over them, and what is found."""
