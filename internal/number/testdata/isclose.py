"""Prints numpy's verdicts on pairs of numbers, 1 or 0 a line.

The one argument is a file with a line for each pair: reference, candidate, abs
and rel, all as decimals that read as the same float64 everywhere.
"""

import sys

import numpy

reference, candidate, abs_, rel = numpy.fromfile(sys.argv[1], sep=" ").reshape(-1, 4).T
verdicts = numpy.zeros(len(reference), dtype="u1")
with numpy.errstate(all="ignore"):
    for a in numpy.unique(abs_):
        for r in numpy.unique(rel):
            same = (abs_ == a) & (rel == r)
            verdicts[same] = numpy.isclose(
                candidate[same], reference[same], rtol=r, atol=a, equal_nan=True
            )
print("\n".join("01"[v] for v in verdicts))
