"""What may pass: rules, the engine that asks them, and the gate that holds a stream to them."""
