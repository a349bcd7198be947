// SPDX-License-Identifier: Apache-2.0
// A vendor's library, found at run time so that the plugin loads where it is not installed.
//
//   auto library = farmhand::Library::open({"libacme.so.1", "/opt/acme/libacme.so.1"});
//   library.need(&init, {"acmeInit_v2", "acmeInit"});  // the first that is there
//   library.find(&reset, {"acmeReset"});               // may stay null
//   if (!library.complete()) fail(FH_E_UNSUPPORTED, "%s", library.problem().c_str());
//
// Loaded with RTLD_NOW, so that a library whose own dependencies are broken says so here and not in
// the middle of a call, and RTLD_LOCAL. Never closed: libraries leave thread-local destructors and
// threads behind that would run into the void. The process ends with its plugin.
#pragma once

#include <dlfcn.h>

#include <initializer_list>
#include <string>
#include <type_traits>
#include <vector>

namespace farmhand {

class Library {
 public:
  // The first of the names or paths that loads. A broken library is not passed over for the next:
  // what would work then is not what the vendor installed.
  static Library open(const std::vector<std::string>& names) {
    Library library;
    for (const std::string& name : names) {
      library.name_ = name;
      library.handle_ = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
      if (library.handle_ != nullptr) break;
      const char* text = dlerror();
      const std::string why = text != nullptr ? text : "no reason given";
      library.absent_ = why.starts_with(name + ": cannot open shared object file: No such file");
      library.problem_ = library.absent_ ? "'" + name + "' is not installed" : "cannot load " + why;
      if (!library.absent_) break;
    }
    return library;
  }

  bool loaded() const { return handle_ != nullptr; }
  // True when no such file is there; false also when one is there and does not load.
  bool absent() const { return handle_ == nullptr && absent_; }
  const std::string& name() const { return name_; }

  bool has(const char* symbol) const { return loaded() && dlsym(handle_, symbol) != nullptr; }

  // Puts the first of the symbols that is there into `*slot`, else null, and gives its name or
  // null.
  template <class Function>
  const char* find(Function** slot, std::initializer_list<const char*> symbols) const {
    static_assert(std::is_function_v<Function>, "a pointer to a function");
    *slot = nullptr;
    for (const char* symbol : symbols) {
      void* address = loaded() ? dlsym(handle_, symbol) : nullptr;
      if (address == nullptr) continue;
      *slot = reinterpret_cast<Function*>(address);
      return symbol;
    }
    return nullptr;
  }

  // The same for what the plugin cannot do without; problem() names the first of the symbols.
  template <class Function>
  const char* need(Function** slot, std::initializer_list<const char*> symbols) {
    const char* found = find(slot, symbols);
    if (found == nullptr && loaded()) missing_.emplace_back(*symbols.begin());
    return found;
  }

  // Loaded, and every needed symbol was there.
  bool complete() const { return loaded() && missing_.empty(); }

  // One sentence, or empty when complete.
  std::string problem() const {
    if (!loaded()) return problem_;
    std::string list;
    for (const std::string& each : missing_) list += (list.empty() ? "'" : ", '") + each + "'";
    return list.empty() ? list : name_ + " lacks " + list + ": another release is needed";
  }

 private:
  void* handle_ = nullptr;
  bool absent_ = true;
  std::string name_;
  std::string problem_ = "no library was named";
  std::vector<std::string> missing_;
};

}  // namespace farmhand
