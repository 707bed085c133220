"""The embedded simulator: samples in SIMD lanes, Clifford gates for free, gradients in one sweep.

From an executable to numbers: `lowering` turns gates into frame changes (`frame`) and fused
instructions (`fusing`), `merging` gathers phases into runs and real blocks into pairs, `plan` packs
all into two arrays, and one compiled function (`entry`, `program`) interprets these for any
circuit: `binding` evaluates angles, `shears` chooses the cheaper form of rotations, `sweeps` runs
forward, `observing` reads outputs and seeds the cotangent, `adjoint` runs backward, `tables` does
phase runs both ways. `cache` stores the compiled function, `execution` calls it on threads of
`pool` with memory of `layout`, and `engine` is the face of it all.
"""
