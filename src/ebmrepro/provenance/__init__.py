"""What made a result: when, from which code, parameters and inputs, in which environment, on what machine."""
