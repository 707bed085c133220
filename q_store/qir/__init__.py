"""The intermediate representation: immutable functions over linear wires and affine angles."""
