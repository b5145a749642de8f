"""params.yaml read and refused: what no single section can see."""
