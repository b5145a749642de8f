"""Tables, one kind a module."""
