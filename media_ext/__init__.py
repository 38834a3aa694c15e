"""The compiled audio engine: native threads move, and never touch a Python object per packet.

Imports nothing of ours. Each module is a `.pyx` with the `.pxd` that is its contract; a `.pxd` alone holds functions
that are compiled into whoever uses them. Python talks to `engine` (commands in, events out); tests and benchmarks to
`kernels` and the modules named `…_door`.
"""
