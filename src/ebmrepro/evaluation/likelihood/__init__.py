"""How probable data are under a model: in closed form, by enumeration, quadrature, sampling or bounds."""
