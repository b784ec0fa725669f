# What a computation in Python needs: integers of any size, doubles, text, dictionaries, generators, exceptions.
import math
import sys

queens = 0


def place(row, columns, left, right, size):
    global queens
    if row == size:
        queens += 1
        return
    for column in range(size):
        if column not in columns and row + column not in left and row - column not in right:
            place(row + 1, columns | {column}, left | {row + column}, right | {row - column}, size)


place(0, frozenset(), frozenset(), frozenset(), 6)
print("queens", queens)
print("factorial", math.factorial(300) % (10 ** 97 + 3), pow(3, 10 ** 40, 2 ** 127 - 1))
print("floats", math.fsum(math.sqrt(i) for i in range(20000)).hex(), (0.1 + 0.2).hex(), repr(1e22 / 3))
counts = {}
for word in ("%d" % (i * i) for i in range(3000)):
    counts[word[-2:]] = counts.get(word[-2:], 0) + 1
print("counts", sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:5])
try:
    [][1]
except IndexError as error:
    print("error", error)
print("sorted", sum(i * x for i, x in enumerate(sorted((i * 7919) % 10007 for i in range(10007)))))
print("bits", sys.maxsize, sys.byteorder)
