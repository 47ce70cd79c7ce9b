"""The 24 ways in which the axes of a grid may lie along L, P and H without being mirrored."""

import itertools

import numpy as np

TURNS = [
    (order, signs)
    for order in itertools.permutations(range(3))
    for signs in itertools.product((-1, 1), repeat=3)
    if np.linalg.det(np.eye(3)[:, order] * signs) > 0
]
