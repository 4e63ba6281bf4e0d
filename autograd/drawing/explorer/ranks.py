"""A layout of many boxes at once, where Graphviz would take too long, and the sizes of boxes.

Each box stands in the rank after its last input, the leaves just before what uses them. Within a
rank, boxes stand as near to the middle of their inputs as the others leave room for.
"""

from collections.abc import Sequence

Point = tuple[int, int]

Size = tuple[int, int]
"""Width and height."""

Edge = tuple[int, int]
"""Source and target, by their places in a list of boxes."""

CARD = (138, 62)
"""Width and height of the card of a node, in points."""

FOLDED = (152, 76)
"""Width and height of a folded group."""

BESIDE, ALONG = 18, 84
"""Points between two boxes of one rank, and between two ranks."""


def in_ranks(sizes: Sequence[Size], edges: Sequence[Edge]) -> list[Point]:
    """Return the centers of boxes with edges between them, from left to right.

    >>> in_ranks([CARD] * 4, [(0, 2), (1, 2), (2, 3)])
    [(0, -40), (0, 40), (222, 0), (444, 0)]

    Parameters
    ----------
    sizes : sequence of (width, height)
    edges : sequence of (source, target)
        Places in `sizes`, without a cycle.
    """
    inputs: list[list[int]] = [[] for _ in sizes]
    users: list[list[int]] = [[] for _ in sizes]
    for source, target in edges:
        inputs[target].append(source)
        users[source].append(target)
    ranks = _ranks(inputs, users)
    rows: dict[int, list[int]] = {}
    for box in sorted(range(len(sizes)), key=ranks.__getitem__):
        rows.setdefault(ranks[box], []).append(box)
    distance = max(width for width, _ in sizes) + ALONG
    ys = _heights(list(rows.values()), inputs, users, sizes)
    return [(rank * distance, round(y)) for rank, y in zip(ranks, ys, strict=True)]


def _ranks(inputs: Sequence[Sequence[int]], users: Sequence[Sequence[int]]) -> list[int]:
    """Return the rank of each box: one more than its last input's, or one less than a user's."""
    ranks = [0] * len(inputs)
    missing = list(map(len, inputs))
    ready = [box for box, count in enumerate(missing) if count == 0]
    for box in ready:
        ranks[box] = max((ranks[source] + 1 for source in inputs[box]), default=0)
        for user in users[box]:
            missing[user] -= 1
            if missing[user] == 0:
                ready.append(user)
    for box, sources in enumerate(inputs):
        if not sources and users[box]:
            ranks[box] = min(ranks[user] for user in users[box]) - 1
    return ranks


def _heights(
    rows: Sequence[Sequence[int]],
    inputs: Sequence[Sequence[int]],
    users: Sequence[Sequence[int]],
    sizes: Sequence[Size],
) -> list[float]:
    """Return the y of each box: twice from left to right by the inputs, once back by the users."""
    ys = [0.0] * len(sizes)
    for row in rows:
        _place(row, [0.0] * len(row), sizes, ys)
    for order, neighbours in ((rows, inputs), (rows[::-1], users), (rows, inputs)):
        for row in order:
            around = [[ys[other] for other in neighbours[box]] or [ys[box]] for box in row]
            _place(row, [sum(near) / len(near) for near in around], sizes, ys)
    return ys


def _place(
    row: Sequence[int], wished: Sequence[float], sizes: Sequence[Size], ys: list[float]
) -> None:
    """Put the boxes of a rank where they wish to be, in that order, and apart."""
    order = sorted(range(len(row)), key=wished.__getitem__)
    end = -float("inf")
    for i in order:
        height = sizes[row[i]][1] + BESIDE
        ys[row[i]] = max(wished[i], end + height / 2)
        end = ys[row[i]] + height / 2
    shift = sum(wished[i] - ys[row[i]] for i in order) / len(order)
    for box in row:
        ys[box] += shift
