"""The numbers that planner and kernels agree on: opcodes, axes, columns and headers.

A plan travels to the kernels as one int64 array and one float64 array. The first ``H_COUNT``
integers are the header; offsets in it point into the integer array, or, where named ``..._F``,
into the float array.
"""

from __future__ import annotations

from typing import Final

# Opcodes.
BLOCK: Final = 0
"""SU(2) block of rx, ry, rz factors on pairs (p, p ^ m)."""
REAL_BLOCK: Final = 1
"""Block of one ry factor."""
YZ_BLOCK: Final = 2
"""Block of one ry and then one rz factor, up to a phase."""
CONTROLLED_BLOCK: Final = 3
"""SU(2) block where every control parity has its value."""
DIAGONAL: Final = 4
"""exp(-i t/2 (-1)^parity(p & r))."""
CONTROLLED_PHASE: Final = 5
"""exp(i t) where every control parity has its value."""
PRODUCT: Final = 6
"""SU(2) block that acts first on its bit of |0...0>; these come before everything else."""

REAL_PAIR: Final = 7
"""This block and the next one, both of one ry, in one sweep."""
REAL_SECOND: Final = 8
"""The second block of a REAL_PAIR."""
PHASE_RUN: Final = 9
"""Many DIAGONALs as one table."""

OBSERVING: Final = -1
"""Outputs and seeds; no instruction, but it has a cost."""

# Axes of factors.
X_AXIS: Final = 0
Y_AXIS: Final = 1
Z_AXIS: Final = 2

# Columns of the tape.
OP: Final = 0
PAIR: Final = 1
"""Mask m between the two members of a pair."""
ROLE: Final = 2
"""Mask r whose parity tells which member plays |0>; the row of a DIAGONAL; the number of
independent rows of a PHASE_RUN."""
SIGN: Final = 3
"""Mask z whose odd parity conjugates a block by Z."""
FACTOR_BEGIN: Final = 4
FACTOR_END: Final = 5
"""Rows of the instruction's factors; the axis of row f is ``axis[f]``."""
CONTROL_BEGIN: Final = 6
CONTROL_END: Final = 7
"""Part of the control list, pairs (mask, value); of a PHASE_RUN the index columns and masks."""
SHARED: Final = 8
"""1 if no factor depends on a sample."""
LIVE: Final = 9
"""1 if some factor depends on a parameter."""
TABLE: Final = 10
"""Where the table of a PHASE_RUN begins: numbers behind ``H_TABLES`` if SHARED, else vectors."""
KEPT: Final = 11
"""1 if the table is built once per call, 0 if before each use."""
COLUMNS: Final = 12

SLOTS: Final = 8
"""Vectors of one instruction: six coefficients and the next two."""
SCALE: Final = 6
"""What row gradients have to be multiplied by."""
SHEARED: Final = 7
"""In lane 0: bit 0 says that a REAL_PAIR is shears forward, bit 1 that it is backward."""

MOST_LANES: Final = 16
"""The widest lane vector; tables of plain numbers fill whole ones."""

SCRATCH: Final = 21
"""Scratch lane vectors beside the counted ones: two signs, three sums, a transform of 16."""

# Kinds of output.
EXPVAL: Final = 0
PROBS: Final = 1
STATE: Final = 2

# What one call of the kernel does.
FORWARD: Final = 1
KEEP: Final = 2
BACKWARD: Final = 4
REDUCE: Final = 8

# Header.
H_QUBITS: Final = 0
H_KIND: Final = 1
H_STEPS: Final = 2
H_TAPE: Final = 3
H_PRODUCTS: Final = 4
"""How many leading instructions are PRODUCT."""
H_FIRST: Final = 5
"""Per bit: the PRODUCT instruction on it, or -1."""
H_STOP: Final = 6
"""The backward sweep ends after this instruction."""
H_ROWS: Final = 7
H_AXIS: Final = 8
H_SHARED: Final = 9
H_BEGIN: Final = 10
H_INDEX: Final = 11
H_CONTROLS: Final = 12
H_CONTROL_COUNT: Final = 13
H_Z_TERMS: Final = 14
"""Terms without X or Y: pairs (mask, output)."""
H_Z_COUNT: Final = 15
H_X_TERMS: Final = 16
"""Other terms: (x mask, z mask, 1 if the phase is i, output)."""
H_X_COUNT: Final = 17
H_OUTPUTS: Final = 18
H_COLUMNS: Final = 19
"""Per bit: what flipping all bits up to it does to the output index; then that of amplitude 0."""
H_QUADRATIC: Final = 20
"""Per bit i: the bits j > i with a sign where both are set."""
H_LINEAR: Final = 21
"""Mask of the linear part of the sign frame."""
H_PER_SAMPLE: Final = 22
"""1 if every sample has its own weights."""
H_HISTOGRAM: Final = 23
"""Scratch vector from which on the sums of a PHASE_RUN lie."""
H_TABLES: Final = 24
"""Scratch vector from which on the tables of plain numbers lie."""
H_BASE_F: Final = 25
H_COEF_F: Final = 26
H_Z_COEF_F: Final = 27
H_X_COEF_F: Final = 28
H_CONST_F: Final = 29
H_COUNT: Final = 30

# Argument block: addresses, and sizes in items.
A_INTS: Final = 0
A_INTS_SIZE: Final = 1
A_FLOATS: Final = 2
A_FLOATS_SIZE: Final = 3
A_BATCH: Final = 4
A_FEATURES: Final = 5
A_OUTPUTS: Final = 6
A_WEIGHT_ROWS: Final = 7
A_WEIGHT_COUNT: Final = 8
A_GROUPS: Final = 9
A_INPUTS: Final = 10
A_WEIGHTS: Final = 11
A_COTANGENT: Final = 12
A_VALUES: Final = 13
A_D_INPUTS: Final = 14
A_D_WEIGHTS: Final = 15
A_SUMS: Final = 16
A_EXACT: Final = 17
A_SAVED: Final = 18
A_SAVED_SIZE: Final = 19
A_STATE_SIZE: Final = 20
A_SCRATCH_SIZE: Final = 21
A_PSI: Final = 22
A_LAMBDA: Final = 23
A_SCRATCH: Final = 24
A_FLAGS: Final = 25
A_BEGIN: Final = 26
A_END: Final = 27
A_COUNT: Final = 28
