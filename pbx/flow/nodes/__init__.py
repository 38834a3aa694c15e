"""The node types, one file each. `pbx.flow.registry` finds them."""
