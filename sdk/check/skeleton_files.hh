// SPDX-License-Identifier: Apache-2.0
// The files of a new plugin's project. @NAME@ and @VENDOR@ are filled in.
#pragma once

namespace farmhand::check {

inline const char* const kPluginSource =
    R"(// One device for each folder below `root`, with a serial number and a temperature.
#include <farmhand/plugin.hh>

#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>

namespace {

std::string first_line(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

class Plugin {
 public:
  // Reads settings; touches no hardware.
  Plugin(const farmhand::Host&, const farmhand::Settings& settings)
      : root_(settings.text("root", "/sys/class/@NAME@")), settings_(settings) {
    settings.refuse_unknown({"root"});
  }

  // Called while devices are sampled, so the map is locked.
  void enumerate(farmhand::Call& call) {
    std::error_code error;
    for (const auto& card : std::filesystem::directory_iterator(root_, error)) {
      const std::string serial = first_line(card.path() / "serial");
      const std::string key = serial.empty() ? card.path().filename().string() : serial;
      if (settings_.excluded(key)) continue;
      fh_device device = farmhand::device_record(handle_of(key, card.path()), key);
      device.model = farmhand::str("Model One");
      device.serial = farmhand::str(serial);
      call.emit(device);
    }
    if (error && error != std::errc::no_such_file_or_directory) {
      farmhand::fail(FH_E_UNSUPPORTED, "cannot read %s: %s", root_.c_str(), error.message().c_str());
    }
  }

  void metrics(farmhand::Call& call) {
    folder_of(call.device());
    call.emit(farmhand::metric_record(kTemperature, "temperature", FH_METRIC_GAUGE, FH_UNIT_CELSIUS,
                                      "Of the chip."));
  }

  void sample(farmhand::Call& call, std::span<const uint32_t> ids) {
    const std::filesystem::path folder = folder_of(call.device());
    if (!std::filesystem::exists(folder)) farmhand::fail(FH_E_DEVICE_LOST, "the card is gone");
    for (const uint32_t id : ids) {
      std::ifstream file(folder / "temp1_input");
      double milli = 0;
      if (id != kTemperature || !file) {
        call.missing(id, FH_SAMPLE_NOT_SUPPORTED);
      } else if (!(file >> milli)) {
        call.missing(id, FH_SAMPLE_ERROR);
      } else {
        call.sample(id, milli / 1000);
      }
    }
  }

 private:
  static constexpr uint32_t kTemperature = 0;

  // A known device keeps its handle.
  uint32_t handle_of(const std::string& key, const std::filesystem::path& folder) {
    const std::lock_guard lock(mutex_);
    const auto [found, fresh] = handles_.emplace(key, static_cast<uint32_t>(handles_.size()));
    folders_[found->second] = folder;
    return found->second;
  }

  std::filesystem::path folder_of(uint32_t handle) {
    const std::lock_guard lock(mutex_);
    const auto found = folders_.find(handle);
    if (found == folders_.end()) farmhand::fail(FH_E_INVALID, "there is no device %u", handle);
    return found->second;
  }

  std::string root_;
  farmhand::Settings settings_;
  std::mutex mutex_;
  std::map<std::string, uint32_t> handles_;
  std::map<uint32_t, std::filesystem::path> folders_;
};

}  // namespace

FARMHAND_PLUGIN(Plugin, "@NAME@", "@VENDOR@", "0.1");
)";

inline const char* const kMakefile = R"(CXXFLAGS ?= -O2 -g -Wall -Wextra
CXXFLAGS += -std=c++20 -fPIC -fvisibility=hidden $(shell pkg-config --cflags farmhand-sdk)
LDFLAGS += $(shell pkg-config --variable=plugin_ldflags farmhand-sdk)
PLUGINDIR ?= $(shell pkg-config --variable=plugindir farmhand-sdk)

all: @NAME@.toml

@NAME@.so: @NAME@.cc
	$(CXX) $(CXXFLAGS) -shared $< -o $@ $(LDFLAGS)

@NAME@.toml: @NAME@.so
	farmhand-manifest write --id @NAME@ --vendor @VENDOR@ --version 0.1 --library @NAME@.so \
	  --interfaces farmhand.devices/1,farmhand.telemetry/1 \
	  --setting 'root=/sys/class/@NAME@=The folder that holds a folder for each card' $@

check: @NAME@.toml
	farmhand-plugin-check --setting root=fake --empty root=/nonexistent @NAME@.toml

install: all
	install -D -m 0755 @NAME@.so $(DESTDIR)$(PLUGINDIR)/@NAME@.so
	install -D -m 0644 @NAME@.toml $(DESTDIR)$(PLUGINDIR)/@NAME@.toml

clean:
	rm -f @NAME@.so @NAME@.toml

.PHONY: all check install clean
)";

inline const char* const kMakeReadme = R"(# @NAME@

A Farmhand plugin. `@NAME@.cc` is all of it; `fake/` stands in for the hardware.

    make
    make check
    sudo make install

Then in `/etc/farmhand/agent.toml`: `[plugins.@NAME@]`, and `farmhand devices` shows its devices.
)";

inline const char* const kMesonBuild =
    R"(project('@NAME@', 'cpp', version: '0.1', default_options: ['cpp_std=c++20', 'warning_level=3'])

sdk = dependency('farmhand-sdk')
ldflags = sdk.get_variable('plugin_ldflags').split(' ')
plugindir = sdk.get_variable('plugindir')

library = shared_library('@NAME@', '@NAME@.cc', name_prefix: '', dependencies: sdk,
                         gnu_symbol_visibility: 'hidden', link_args: ldflags,
                         install: true, install_dir: plugindir)
manifest = custom_target('manifest', input: library, output: '@NAME@.toml', build_by_default: true,
                         install: true, install_dir: plugindir,
                         command: ['farmhand-manifest', 'write', '--id', '@NAME@',
                                   '--vendor', '@VENDOR@', '--version', meson.project_version(),
                                   '--library', '@INPUT@',
                                   '--interfaces', 'farmhand.devices/1,farmhand.telemetry/1',
                                   '--setting', 'root=/sys/class/@NAME@=A folder for each card',
                                   '@OUTPUT@'])
test('check', find_program('farmhand-plugin-check'), timeout: 300,
     args: ['--setting', 'root=' + meson.current_source_dir() / 'fake',
            '--empty', 'root=/nonexistent', manifest])
)";

inline const char* const kMesonReadme = R"(# @NAME@

A Farmhand plugin. `@NAME@.cc` is all of it; `fake/` stands in for the hardware.

    meson setup build
    meson test -C build -v
    sudo meson install -C build

Then in `/etc/farmhand/agent.toml`: `[plugins.@NAME@]`, and `farmhand devices` shows its devices.
)";

}  // namespace farmhand::check
