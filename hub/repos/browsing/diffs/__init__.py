"""What a commit changed and what two differ in, as pages."""
