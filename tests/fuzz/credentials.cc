// SPDX-License-Identifier: Apache-2.0
// The credential file of a node. What loads can be saved, and loads again as it was.
#include <unistd.h>

#include "fuzz.hh"
#include "sync/enroll.hh"

namespace farmhand::fuzz {

Seeds seeds() {
  return {"secret=abc\nurl=wss://c:7443/v1/sync\nca_file=/ca.pem\ncloud=kt\nvendors=a,b\n",
          "secret=abc\r\nurl=\nvendors=,\n", "secret=a=b\nother=1\n\n"};
}

}  // namespace farmhand::fuzz

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace farmhand;
  const fuzz::BytesFile file({reinterpret_cast<const char*>(data), size});
  const auto loaded = load_credential(file.path());
  if (!loaded || !*loaded) return 0;
  const Credential& credential = **loaded;
  (void)partitions_of(credential);
  static const std::string path = "/tmp/farmhand-fuzz-credential." + std::to_string(::getpid());
  fuzz::require(save_credential(path, credential).ok(), "what was loaded can be saved");
  const auto again = load_credential(path);
  ::unlink(path.c_str());
  fuzz::require(again && *again, "what was saved loads");
  fuzz::require((*again)->secret == credential.secret && (*again)->url == credential.url &&
                    (*again)->vendors == credential.vendors,
                "what was saved says the same");
  return 0;
}
