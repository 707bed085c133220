"""The runtime: backends, gradients and the framework layers."""
