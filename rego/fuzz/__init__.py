"""Differential fuzzing: random well-typed policies, here and in real OPA.

`python -m fuzz --pairs 1000 --seed 1 --oracle PYTHON` run beside this folder, where PYTHON has
the package `opa-golib-python-bindings`.
"""
