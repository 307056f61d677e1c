"""What every page shares: the request, its safety, errors, forms and rendering."""
