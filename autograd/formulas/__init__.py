"""Operations written down: what a function of the operation table computes, as source text.

`formula` is what such a function leaves behind when it is called with names instead of numbers. In
`rewriting`, a part that is used several times gets a name, and `infix` writes operators as Python,
C and JavaScript do. The backends of the compiler and the explorer page make their programs of it.
"""
