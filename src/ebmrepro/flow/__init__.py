"""The jobs of the flow, and what keeps the two runners in step."""
