"""Policies in Rego: the input that they see, what they may say, and the rule that asks them."""
