"""Pages made of several features: home, help, health."""
