"""What figures and tables have in common: records, labels, captions."""
