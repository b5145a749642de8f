"""How probable data are under a model: by enumeration, sampling or bounds."""
