// SPDX-License-Identifier: Apache-2.0
#include "libraries.hh"

#include <farmhand/failure.hh>

namespace farmhand::cpu {

namespace {

// CBLAS's constants (netlib.org/blas/cblas.h).
constexpr int kRowMajor = 101;
constexpr int kNoTranspose = 111;

// oneDNN 2.x (oneapi-src/oneDNN@v2.6.3:include/oneapi/dnnl/dnnl_types.h). Its descriptors are plain
// structs of some 700 and 3,000 bytes that grow between releases and that only the library looks
// into, so they get more room than they need.
constexpr int kBf16 = 2, kF32 = 3, kCpu = 1;
constexpr int kArgSource = 1, kArgDestination = 17, kArgWeights = 33;
constexpr unsigned kInOrder = 1;
struct Descriptor {
  alignas(64) unsigned char bytes[16 * 1024] = {};
};
struct Argument {
  int arg;
  void* memory;
};

void require_ok(int status, const char* what) {
  if (status != 0) fail(FH_E_UNSUPPORTED, "oneDNN cannot do bf16 here: %s gave %d", what, status);
}

}  // namespace

const char* name_of(Dtype dtype) {
  constexpr const char* kNames[] = {"fp64", "fp32", "bf16", "int8"};
  return kNames[static_cast<size_t>(dtype)];
}

struct Libraries::Blas {
  Library library;
  void (*dgemm)(int, int, int, int, int, int, double, const double*, int, const double*, int,
                double, double*, int) = nullptr;
  void (*sgemm)(int, int, int, int, int, int, float, const float*, int, const float*, int, float,
                float*, int) = nullptr;
  void (*set_num_threads)(int) = nullptr;
  int (*shut_threads)() = nullptr;
  char* (*config)() = nullptr;
  char* (*core)() = nullptr;
};

struct Libraries::OneDnn {
  Library library;
  int (*gemm_u8s8s32)(char, char, char, int64_t, int64_t, int64_t, float, const uint8_t*, int64_t,
                      uint8_t, const int8_t*, int64_t, int8_t, float, int32_t*, int64_t,
                      const int32_t*) = nullptr;
  void (*omp_set_num_threads)(int) = nullptr;
  const int* (*version)() = nullptr;
  int (*engine_create)(void**, int, size_t) = nullptr;
  int (*stream_create)(void**, void*, unsigned) = nullptr;
  int (*memory_desc_init)(void*, int, const int64_t*, int, const int64_t*) = nullptr;
  int (*matmul_desc_init)(void*, const void*, const void*, const void*, const void*) = nullptr;
  int (*primitive_desc_create)(void**, const void*, const void*, void*, const void*) = nullptr;
  int (*primitive_create)(void**, const void*) = nullptr;
  int (*memory_create)(void**, const void*, void*, void*) = nullptr;
  int (*memory_set)(void*, void*) = nullptr;
  int (*execute)(const void*, void*, int, const Argument*) = nullptr;
  int (*stream_wait)(void*) = nullptr;
  int (*engine_destroy)(void*) = nullptr;
  int (*stream_destroy)(void*) = nullptr;
  int (*primitive_desc_destroy)(void*) = nullptr;
  int (*primitive_destroy)(void*) = nullptr;
  int (*memory_destroy)(void*) = nullptr;
};

// OpenBLAS starts a pool of threads when it is loaded. We bring our own, one for each processor,
// and a plugin leaves none behind: so it shall use one thread per call, and its pool is sent home.
// The build without threads has no locks either (its README: USE_LOCKING), so it is refused.
const Libraries::Blas& Libraries::blas() {
  const std::lock_guard lock(mutex_);
  if (blas_) return *blas_;
  auto loaded = std::make_shared<Blas>();
  loaded->library = Library::open(blas_names_);
  Library& library = loaded->library;
  if (library.absent()) {
    fail(FH_E_UNSUPPORTED, "%s: install libopenblas0-pthread", library.problem().c_str());
  }
  library.need(&loaded->dgemm, {"cblas_dgemm"});
  library.need(&loaded->sgemm, {"cblas_sgemm"});
  library.need(&loaded->set_num_threads, {"openblas_set_num_threads"});
  library.need(&loaded->config, {"openblas_get_config"});
  library.find(&loaded->core, {"openblas_get_corename"});
  library.find(&loaded->shut_threads, {"blas_thread_shutdown_"});
  if (!library.complete()) fail(FH_E_UNSUPPORTED, "%s", library.problem().c_str());
  if (std::string_view(loaded->config()).find("SINGLE_THREADED") != std::string_view::npos) {
    fail(FH_E_UNSUPPORTED, "%s is built for one thread only: install libopenblas0-pthread",
         library.name().c_str());
  }
  loaded->set_num_threads(1);
  if (loaded->shut_threads != nullptr) loaded->shut_threads();
  blas_ = std::move(loaded);
  return *blas_;
}

const Libraries::OneDnn& Libraries::onednn() {
  const std::lock_guard lock(mutex_);
  if (onednn_) return *onednn_;
  auto loaded = std::make_shared<OneDnn>();
  loaded->library = Library::open(onednn_names_);
  Library& library = loaded->library;
  if (library.absent()) fail(FH_E_UNSUPPORTED, "%s: install libdnnl2", library.problem().c_str());
  library.need(&loaded->gemm_u8s8s32, {"dnnl_gemm_u8s8s32"});
  library.find(&loaded->omp_set_num_threads, {"omp_set_num_threads"});
  library.find(&loaded->version, {"dnnl_version"});
  library.find(&loaded->engine_create, {"dnnl_engine_create"});
  library.find(&loaded->stream_create, {"dnnl_stream_create"});
  library.find(&loaded->memory_desc_init, {"dnnl_memory_desc_init_by_strides"});
  library.find(&loaded->matmul_desc_init, {"dnnl_matmul_desc_init"});
  library.find(&loaded->primitive_desc_create, {"dnnl_primitive_desc_create"});
  library.find(&loaded->primitive_create, {"dnnl_primitive_create"});
  library.find(&loaded->memory_create, {"dnnl_memory_create"});
  library.find(&loaded->memory_set, {"dnnl_memory_set_data_handle"});
  library.find(&loaded->execute, {"dnnl_primitive_execute"});
  library.find(&loaded->stream_wait, {"dnnl_stream_wait"});
  library.find(&loaded->engine_destroy, {"dnnl_engine_destroy"});
  library.find(&loaded->stream_destroy, {"dnnl_stream_destroy"});
  library.find(&loaded->primitive_desc_destroy, {"dnnl_primitive_desc_destroy"});
  library.find(&loaded->primitive_destroy, {"dnnl_primitive_destroy"});
  library.find(&loaded->memory_destroy, {"dnnl_memory_destroy"});
  if (!library.complete()) fail(FH_E_UNSUPPORTED, "%s", library.problem().c_str());
  onednn_ = std::move(loaded);
  return *onednn_;
}

namespace {

// Everything that one bf16 multiplication keeps in the library. `Destroy` is the library's.
using Owned = std::shared_ptr<void>;

}  // namespace

// oneDNN 3 has another interface for this and lacks dnnl_matmul_desc_init.
Multiply Libraries::bf16_multiply(const OneDnn& dnn, size_t size) {
  if (dnn.matmul_desc_init == nullptr || dnn.memory_desc_init == nullptr) {
    fail(FH_E_UNSUPPORTED, "%s has no bf16 multiplication of oneDNN 2", dnn.library.name().c_str());
  }
  const auto side = static_cast<int64_t>(size);
  const int64_t dims[12] = {side, side}, strides[12] = {side, 1};
  auto low = std::make_unique<Descriptor>(), high = std::make_unique<Descriptor>();
  auto matmul = std::make_unique<Descriptor>();
  require_ok(dnn.memory_desc_init(low.get(), 2, dims, kBf16, strides), "the input's description");
  require_ok(dnn.memory_desc_init(high.get(), 2, dims, kF32, strides), "the output's description");
  require_ok(dnn.matmul_desc_init(matmul.get(), low.get(), low.get(), nullptr, high.get()),
             "its description");
  void* raw = nullptr;
  require_ok(dnn.engine_create(&raw, kCpu, 0), "the engine");
  const Owned engine(raw, dnn.engine_destroy);
  require_ok(dnn.stream_create(&raw, engine.get(), kInOrder), "the stream");
  const Owned stream(raw, dnn.stream_destroy);
  require_ok(dnn.primitive_desc_create(&raw, matmul.get(), nullptr, engine.get(), nullptr),
             "its choice");
  const Owned choice(raw, dnn.primitive_desc_destroy);
  require_ok(dnn.primitive_create(&raw, choice.get()), "the primitive");
  const Owned primitive(raw, dnn.primitive_destroy);
  Owned memory[3];
  for (size_t at = 0; at < 3; ++at) {
    require_ok(dnn.memory_create(&raw, at == 2 ? high.get() : low.get(), engine.get(), nullptr),
               "memory");
    memory[at] = Owned(raw, dnn.memory_destroy);
  }
  return [&dnn, engine, stream, primitive, a_memory = memory[0], b_memory = memory[1],
          c_memory = memory[2]](const void* a, const void* b, void* c) {
    dnn.memory_set(a_memory.get(), const_cast<void*>(a));
    dnn.memory_set(b_memory.get(), const_cast<void*>(b));
    dnn.memory_set(c_memory.get(), c);
    const Argument arguments[] = {{kArgSource, a_memory.get()},
                                  {kArgWeights, b_memory.get()},
                                  {kArgDestination, c_memory.get()}};
    require_ok(dnn.execute(primitive.get(), stream.get(), 3, arguments), "the multiplication");
    require_ok(dnn.stream_wait(stream.get()), "the stream");
  };
}

Multiply Libraries::multiply(Dtype dtype, size_t size) {
  const auto n = static_cast<int>(size);
  if (dtype == Dtype::kFp64) {
    return [gemm = blas().dgemm, n](const void* a, const void* b, void* c) {
      gemm(kRowMajor, kNoTranspose, kNoTranspose, n, n, n, 1, static_cast<const double*>(a), n,
           static_cast<const double*>(b), n, 0, static_cast<double*>(c), n);
    };
  }
  if (dtype == Dtype::kFp32) {
    return [gemm = blas().sgemm, n](const void* a, const void* b, void* c) {
      gemm(kRowMajor, kNoTranspose, kNoTranspose, n, n, n, 1, static_cast<const float*>(a), n,
           static_cast<const float*>(b), n, 0, static_cast<float*>(c), n);
    };
  }
  const OneDnn& dnn = onednn();
  // A setting of the calling thread: with one, OpenMP starts no pool for it.
  if (dnn.omp_set_num_threads != nullptr) dnn.omp_set_num_threads(1);
  if (dtype == Dtype::kBf16) return bf16_multiply(dnn, size);
  return [gemm = dnn.gemm_u8s8s32, n](const void* a, const void* b, void* c) {
    const int32_t offset = 0;
    const int status =
        gemm('N', 'N', 'F', n, n, n, 1, static_cast<const uint8_t*>(a), n, 0,
             static_cast<const int8_t*>(b), n, 0, 0, static_cast<int32_t*>(c), n, &offset);
    if (status != 0) fail(FH_E_UNSUPPORTED, "oneDNN cannot do int8 here: it gave %d", status);
  };
}

std::string Libraries::description(Dtype dtype) {
  if (dtype == Dtype::kFp64 || dtype == Dtype::kFp32) {
    const Blas& library = blas();
    const std::string core = library.core != nullptr ? library.core() : "";
    return clean(std::string(library.config()) + (core.empty() ? "" : ", kernels for " + core));
  }
  const OneDnn& dnn = onednn();
  if (dnn.version == nullptr) return "oneDNN";
  const int* version = dnn.version();
  return "oneDNN " + std::to_string(version[0]) + "." + std::to_string(version[1]) + "." +
         std::to_string(version[2]);
}

}  // namespace farmhand::cpu
