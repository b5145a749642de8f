"""What people call beside the stages: an estimate, a doctor, a list of published sets."""
