"""Every kind of page, looked at by axe, pa11y and Lighthouse in every width and scheme; `make a11y`."""
