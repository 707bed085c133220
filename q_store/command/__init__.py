"""The commands of `qstorec`: one module per family, and what they share.

Standard output is data, standard error is talk. Diagnostics are what every other room raises.
"""
