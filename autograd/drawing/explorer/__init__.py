"""One HTML file in which backpropagation can be watched, step by step: `explore`.

`cells` is what the page knows of the graph, `levels` how much of it is open, `layout` and `ranks`
where it is, `javascript` what it computes with, `history` the epochs of a training and `plane` two
inputs with a score. `page` puts these and the scripts in ``assets`` into one file (read them from
``main.js`` on), and `exploring` is what the user calls.
"""
