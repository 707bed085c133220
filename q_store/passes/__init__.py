"""Passes: frozen values that map a module to a module, and the frame that runs them."""
