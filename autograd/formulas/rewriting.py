"""Formulas rewritten call by call: what stands in several places gets a name, and is computed once.

A formula holds others as its arguments, and several may hold the same one. The rule of a derivative
is full of such parts, and each has to be written down once, before what uses it:

>>> root = Formula("sqrt", (Formula("x"),))
>>> def named(call, uses, depth):
...     print(call.text, uses, depth)
...     return Formula("t") if uses > 1 else call
>>> print(*[formula.text for formula in rewritten([root * root, -root], named)])
sqrt(x) 3 1
negative(t) 1 1
multiply(t, t) 1 1
multiply(t, t) negative(t)
"""

from collections.abc import Callable, Sequence
from typing import Any

from autograd.formulas.formula import Formula


def calls_in(formulas: Sequence[Any], uses: dict[int, int]) -> list[Formula]:
    """List the function calls in formulas, arguments first, and count the uses of each."""
    order: list[Formula] = []
    stack = [(formula, False) for formula in formulas]
    while stack:
        part, arguments_listed = stack.pop()
        if arguments_listed:
            order.append(part)
        elif id(part) in uses:
            uses[id(part)] += 1
        elif isinstance(part, Formula) and part.arguments:
            uses[id(part)] = 1
            stack.append((part, True))
            stack += [(argument, False) for argument in part.arguments]
    return order


def rewritten(
    formulas: Sequence[Any], rewrite: Callable[[Formula, int, int], Formula]
) -> list[Any]:
    """Return formulas with all of their calls rewritten, each once, arguments first.

    Parameters
    ----------
    formulas : sequence of Formula or number
    rewrite : callable
        ``rewrite(call, uses, depth)`` takes a new call, of rewritten arguments, the number of
        places where it is used, and how deep calls are nested in it, itself included.
    """
    uses: dict[int, int] = {}
    done: dict[int, Formula] = {}
    depths: dict[int, int] = {}
    for part in calls_in(formulas, uses):
        arguments = tuple([done.get(id(argument), argument) for argument in part.arguments])
        depth = 1 + max([depths.get(id(argument), 0) for argument in arguments])
        result = rewrite(Formula(part.function, arguments), uses[id(part)], depth)
        done[id(part)] = result
        depths[id(result)] = depth if result.arguments else 0
    return [done.get(id(formula), formula) for formula in formulas]
