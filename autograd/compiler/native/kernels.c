/* What every native program begins with: names for arithmetic, and products of matrices.

   A program defines `number` (double or float), `B` (the samples of a batch) and `STRIDE` (the
   numbers from one batch row to the next: B rounded up to whole vectors). What lies behind the
   samples of a row is zero, and stays zero: products of matrices may compute with it, and need no
   case for incomplete vectors. Everything else keeps to the B samples. */

#include <fenv.h>
#include <math.h>
#include <string.h>

#if defined __GLIBC__ && defined __x86_64__ && !defined __clang__
/* The mathematical library of glibc has these for whole vectors too; its own header says so only
   to a compiler that may also forget about infinity and nan. */
#define ALSO_OF_VECTORS(function) \
    __attribute__((simd("notinbranch"))) double function(double); \
    __attribute__((simd("notinbranch"))) float function##f(float);
ALSO_OF_VECTORS(exp)
ALSO_OF_VECTORS(log)
ALSO_OF_VECTORS(sin)
ALSO_OF_VECTORS(cos)
#if __GLIBC_PREREQ(2, 35)
ALSO_OF_VECTORS(expm1)
ALSO_OF_VECTORS(log1p)
ALSO_OF_VECTORS(tanh)
ALSO_OF_VECTORS(atan)
ALSO_OF_VECTORS(erf)
ALSO_OF_VECTORS(erfc)
#endif
__attribute__((simd("notinbranch"))) double pow(double, double);
__attribute__((simd("notinbranch"))) float powf(float, float);
#endif

#include <tgmath.h> /* exp(x) of a float is expf(x) */

#define INLINE static inline __attribute__((always_inline))
#define NOINLINE __attribute__((noinline)) /* once is enough: inlining takes time */

INLINE number maximum(number a, number b) { return a >= b || a != a ? a : b; }
INLINE number minimum(number a, number b) { return a <= b || a != a ? a : b; }

/* glibc's exp of whole vectors signals an invalid number at -INFINITY, which masks an entry of a
   softmax. Below -750 every exp is 0. */
INLINE number exponential(number x) { return exp(maximum(x, -750)); }

#define where(condition, a, b) ((condition) != 0 ? (a) : (b))
#define logical_and(a, b) ((a) != 0 && (b) != 0)

/* The loop over the samples, computed as vectors: no sample reads what another one writes. */
#define SAMPLES _Pragma("omp simd") for (int s = 0; s < B; s++)
#define SUMMING(...) PRAGMA(omp simd reduction(+ : __VA_ARGS__)) for (int s = 0; s < B; s++)
#define PRAGMA(text) _Pragma(#text)
#define ALL(index, count) for (int index = 0; index < (count); index++)

/* --- products of matrices --- */

#ifdef __AVX512F__
enum { VECTOR_BYTES = 64, TILE_ROWS = 8 }; /* so that a tile fits into the vector registers */
#elif defined __AVX__
enum { VECTOR_BYTES = 32, TILE_ROWS = 6 };
#else
enum { VECTOR_BYTES = 16, TILE_ROWS = 4 };
#endif
enum { LANES = VECTOR_BYTES / sizeof(number), TILE_VECTORS = 2 };
_Static_assert(STRIDE % LANES == 0, "a row is not made of whole vectors");

typedef number vector __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(number))));

#ifdef __clang__
#define UNROLLED_ALL(index, count) _Pragma("clang loop unroll(full)") ALL(index, count)
#else
#define UNROLLED_ALL(index, count) _Pragma("GCC unroll 8") ALL(index, count)
#endif

/* A matrix in memory: element (i, j) stands at numbers[i * row + j * column]. */
typedef struct { number *numbers; long row, column; } matrix;

INLINE matrix part(matrix m, long i, long j)
{
    m.numbers += i * m.row + j * m.column;
    return m;
}

/* out (+)= left * right, for one tile of out: n_rows times n_vectors vectors. */
INLINE void multiply_tile(int n_rows, int n_vectors, matrix out, matrix left, matrix right,
                          int n_terms, int add)
{
    vector total[TILE_ROWS][TILE_VECTORS];
    UNROLLED_ALL(i, n_rows) UNROLLED_ALL(v, n_vectors)
        total[i][v] = add ? *(vector *)(out.numbers + i * out.row + v * LANES) : (vector){0};
    ALL(k, n_terms) {
        vector x[TILE_VECTORS];
        UNROLLED_ALL(v, n_vectors) x[v] = *(vector *)(right.numbers + k * right.row + v * LANES);
        UNROLLED_ALL(i, n_rows) UNROLLED_ALL(v, n_vectors)
            total[i][v] += left.numbers[i * left.row + k * left.column] * x[v];
    }
    UNROLLED_ALL(i, n_rows) UNROLLED_ALL(v, n_vectors)
        *(vector *)(out.numbers + i * out.row + v * LANES) = total[i][v];
}

INLINE void multiply_strip(int n_vectors, matrix out, matrix left, matrix right, int n_rows,
                           int n_terms, int add)
{
    int i = 0;
    for (; i + TILE_ROWS <= n_rows; i += TILE_ROWS)
        multiply_tile(TILE_ROWS, n_vectors, part(out, i, 0), part(left, i, 0), right, n_terms, add);
    for (; i < n_rows; i++)
        multiply_tile(1, n_vectors, part(out, i, 0), part(left, i, 0), right, n_terms, add);
}

/* The columns of out and of right lie side by side, whatever their matrices say. */
static NOINLINE void multiply_columns(matrix out, matrix left, matrix right, int n_rows, int n_terms,
                             int n_columns, int add)
{
    int j = 0;
    out.column = right.column = 1;
    for (; j + TILE_VECTORS * LANES <= n_columns; j += TILE_VECTORS * LANES)
        multiply_strip(TILE_VECTORS, part(out, 0, j), left, part(right, 0, j), n_rows, n_terms, add);
    for (; j + LANES <= n_columns; j += LANES)
        multiply_strip(1, part(out, 0, j), left, part(right, 0, j), n_rows, n_terms, add);
    for (; j < n_columns; j++) ALL(i, n_rows) {
        number total = add ? out.numbers[i * out.row + j] : 0;
        ALL(k, n_terms)
            total += left.numbers[i * left.row + k * left.column] * right.numbers[k * right.row + j];
        out.numbers[i * out.row + j] = total;
    }
}

/* out (+)= left * right. A row of out and right is a batch row, a column a place with all of its
   samples. */
static void multiply(matrix out, matrix left, matrix right, int n_rows, int n_terms, int n_places,
                     int add)
{
    ALL(p, n_places)
        multiply_columns(part(out, 0, p), left, part(right, 0, p), n_rows, n_terms, STRIDE, add);
}

/* out (+)= left * transposed(right), one tile: sums over the samples at all places. A row of left
   and right is a batch row, a column a place with all of its samples. */
INLINE void correlate_tile(int n_rows, int n_columns, matrix out, matrix left, matrix right,
                           int n_places, int add)
{
    vector total[TILE_ROWS][TILE_VECTORS];
    UNROLLED_ALL(i, n_rows) UNROLLED_ALL(j, n_columns) total[i][j] = (vector){0};
    ALL(p, n_places) for (int s = 0; s < STRIDE; s += LANES) {
        vector x[TILE_VECTORS];
        UNROLLED_ALL(j, n_columns)
            x[j] = *(vector *)(right.numbers + j * right.row + p * right.column + s);
        UNROLLED_ALL(i, n_rows) {
            vector g = *(vector *)(left.numbers + i * left.row + p * left.column + s);
            UNROLLED_ALL(j, n_columns) total[i][j] += g * x[j];
        }
    }
    UNROLLED_ALL(i, n_rows) UNROLLED_ALL(j, n_columns) {
        number *sum = out.numbers + i * out.row + j * out.column, lanes = 0;
        UNROLLED_ALL(lane, LANES) lanes += total[i][j][lane];
        *sum = add ? *sum + lanes : lanes;
    }
}

static NOINLINE void correlate(matrix out, matrix left, matrix right, int n_rows, int n_columns,
                      int n_places, int add)
{
    int i = 0;
    for (; i + TILE_ROWS <= n_rows; i += TILE_ROWS) {
        int j = 0;
        for (; j + TILE_VECTORS <= n_columns; j += TILE_VECTORS)
            correlate_tile(TILE_ROWS, TILE_VECTORS, part(out, i, j), part(left, i, 0),
                           part(right, j, 0), n_places, add);
        for (; j < n_columns; j++)
            correlate_tile(TILE_ROWS, 1, part(out, i, j), part(left, i, 0), part(right, j, 0),
                           n_places, add);
    }
    for (; i < n_rows; i++) ALL(j, n_columns)
        correlate_tile(1, 1, part(out, i, j), part(left, i, 0), part(right, j, 0), n_places, add);
}

/* --- samples --- */

/* The index of a lookup among `count` entries. */
static int failed;

INLINE int entry(number index, int count)
{
    if (index >= 0 && index < count && index == (int)index) return (int)index;
    failed = 1;
    return 0;
}

enum { BLOCK = 8 }; /* numbers in a cache line: that much is read and written at once */

/* Columns of samples[B][n] become rows. */
static void transpose(number *rows, const number *samples, int n)
{
    for (int first = 0; first < B; first += BLOCK) for (int start = 0; start < n; start += BLOCK)
        for (int i = start; i < start + BLOCK && i < n; i++)
            for (int s = first; s < first + BLOCK && s < B; s++)
                rows[(long)i * STRIDE + s] = samples[(long)s * n + i];
}
