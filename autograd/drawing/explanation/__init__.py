"""One gradient explained by the chain rule, path by path: `explain`.

`paths` finds the paths. `node_formulas` has what stands at each of their steps, made of
`expressions` and put into characters by `formula_writing`. `names` names the nodes, `outline`
chooses what is shown, `text` and `latex` write it with `remarks`, and `explaining` is what the user
calls.
"""
