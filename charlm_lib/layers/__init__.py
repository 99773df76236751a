"""The layers of a language model, recurrent or not; chapters write them in full.

Every layer is called as `layer(inputs, state=None, training=False) -> (outputs, state)` with
`inputs` of shape `(num_steps, batch_size, num_inputs)` and `outputs` of shape
`(num_steps, batch_size, num_hiddens)`, the hidden states of the top layer.
"""
