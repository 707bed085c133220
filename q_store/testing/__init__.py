"""For the tests of programs and passes: random circuits, equivalence, and the pass contract.

`strategies` needs Hypothesis; the rest needs numpy only.
"""
