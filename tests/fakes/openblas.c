/* SPDX-License-Identifier: Apache-2.0 */
/* A BLAS with OpenBLAS's symbols that multiplies slowly and, in some builds, badly. */
#include <stdatomic.h>

#define EXPORT __attribute__((visibility("default")))

static atomic_int calls;

/* Every hundredth product has one element off by the smallest amount there is. */
static int is_bad(void) {
#ifdef FAKE_WRONG
  return atomic_fetch_add(&calls, 1) % 100 == 1;
#else
  (void)calls;
  return 0;
#endif
}

#define GEMM(name, type)                                                                          \
  EXPORT void name(int order, int trans_a, int trans_b, int m, int n, int k, type alpha,          \
                   const type* a, int lda, const type* b, int ldb, type beta, type* c, int ldc);  \
  EXPORT void name(int order, int trans_a, int trans_b, int m, int n, int k, type alpha,          \
                   const type* a, int lda, const type* b, int ldb, type beta, type* c, int ldc) { \
    (void)order, (void)trans_a, (void)trans_b, (void)alpha, (void)beta;                           \
    for (int i = 0; i < m; ++i) {                                                                 \
      for (int j = 0; j < n; ++j) c[i * ldc + j] = 0;                                             \
      for (int l = 0; l < k; ++l) {                                                               \
        for (int j = 0; j < n; ++j) c[i * ldc + j] += a[i * lda + l] * b[l * ldb + j];            \
      }                                                                                           \
    }                                                                                             \
    if (is_bad()) c[(m - 1) * ldc + 1] += 1;                                                      \
  }

GEMM(cblas_dgemm, double)
#ifndef FAKE_WITHOUT_SGEMM
GEMM(cblas_sgemm, float)
#endif

EXPORT void openblas_set_num_threads(int count);
EXPORT void openblas_set_num_threads(int count) {
  (void)count;
}

EXPORT const char* openblas_get_config(void);
EXPORT const char* openblas_get_config(void) {
#ifdef FAKE_SERIAL
  return "OpenBLAS 0.0.0 fake SINGLE_THREADED";
#else
  return "OpenBLAS 0.0.0 fake";
#endif
}
