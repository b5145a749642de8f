"""A finished preset as a Workflow Run RO-Crate; `export_crate.py` beside this folder writes one."""
