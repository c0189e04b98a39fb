"""Modules that take the place of other libraries, so that moving over is one line."""
