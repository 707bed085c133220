"""The Keras layer that computes nothing, beside which ours is measured."""

import keras


class Identity(keras.layers.Layer):
    """`function(inputs, weights)` with a variable of the shape of the quantum layer's weights."""

    def __init__(self, weight_shape: tuple[int, ...], function) -> None:
        super().__init__()
        self.weight_shape, self.function = weight_shape, function

    def build(self, input_shape):
        self.angles = self.add_weight(name="weights", shape=self.weight_shape)
        super().build(input_shape)

    def call(self, inputs):
        return self.function(inputs, keras.ops.convert_to_tensor(self.angles))
