"""The intermediate representation: immutable functions over linear qubit wires and affine angles."""
