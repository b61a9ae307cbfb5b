"""Keeps numpy's linear algebra to one thread; has to be imported before numpy.

The model's matrices are small: on busy cores a second thread made training five times slower (measured
2026-11-24). A value that is already set in the environment is left alone.
"""

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
