// SPDX-License-Identifier: Apache-2.0
// Frames of a plugin host whose memory the plugin may have overwritten.
#include "fuzz.hh"
#include "plugin/frame_bytes.hh"
#include "plugin/reply.hh"

namespace farmhand::fuzz {
namespace {

std::string devices() {
  const frame::DeviceRecord device{1, 4, 1, 0, -1, 0, 48ull << 30};
  const frame::PeakRecord peak{2, 4, 512};
  std::string records(frame::bytes_of(device));
  for (const char* text :
       {"RNGD0001", "furiosa", "RNGD", "1", "u", "0000:03:00.0", "1.2", "3", "n"})
    frame::append_string(records, text);
  records += frame::bytes_of(peak);
  frame::append_string(records, "fp8");
  frame::append_string(records, "data sheet");
  return records;
}

std::string metrics() {
  const frame::MetricRecord metric{3, 1, 1, 1, 1000, 0};
  std::string records(frame::bytes_of(metric));
  for (const char* text : {"temperature", "sensor", "core", "how hot it is"})
    frame::append_string(records, text);
  return records;
}

std::string failure() {
  const frame::Failure head{7, 1000, -3, 4, -5, frame::Operation::kSample, 0};
  std::string content(frame::bytes_of(head));
  frame::append_string(content, "the card does not answer");
  return content;
}

std::string evidence() {
  std::string record(frame::bytes_of(frame::EvidenceRecord{6, 1, 3, 0, 8, 16, 16}));
  frame::append_string(record, "link.width");
  frame::append_string(record, "x8");
  return record;
}

std::string findings() {
  std::string records(frame::bytes_of(frame::VerdictRecord{5, 1, 12345}));
  for (const char* text : {"link", "link.degraded", "the link runs at x8", "reseat it"})
    frame::append_string(records, text);
  return records + evidence();
}

std::string events() {
  std::string records(frame::bytes_of(frame::EventRecord{7, 4, 3, 0, 79, 12345}));
  frame::append_string(records, "device.lost");
  frame::append_string(records, "it fell off the bus");
  return records + evidence();
}

std::string readings() {
  std::string all;
  for (uint16_t metric = 0; metric < 4; ++metric)
    all += frame::bytes_of(frame::Reading{metric, 0, 0, 0, 40.5 + metric, 12345});
  return all;
}

void take_content(std::string_view content) {
  if (const auto failed = take_failure(content)) (void)failed->sentence();
  (void)take_devices(content);
  (void)take_metrics(content);
  if (const auto found = take_findings(content, 1000)) {
    for (const Finding& each : *found)
      require(each.boottime_ns <= 1000, "nothing is found in the future");
  }
  if (const auto told = take_events(content, 1000)) {
    for (const auto& [device, event] : *told)
      require(event.boottime_ns <= 1000, "nothing happens in the future");
  }
  std::vector<Sample> samples;
  if (take_readings(content, 1000, samples))
    for (const Sample& sample : samples)
      require(sample.boottime_ns <= 1000, "no reading is from the future");
}

}  // namespace

Seeds seeds() {
  Seeds all = {devices(), metrics(), failure(), readings(), findings(), events()};
  std::string channel;
  frame::append_frame(channel, frame::Type::kDevices, "", all[0]);
  frame::append_frame(channel, frame::Type::kFailed, "", all[2]);
  all.push_back(channel);
  return all;
}

}  // namespace farmhand::fuzz

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace farmhand;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  fuzz::take_content(input);
  std::string_view rest = input;
  std::string taken;
  (void)frame::take_frames(rest, [&](frame::Type type, std::string_view content) {
    frame::append_frame(taken, type, "", content);
    fuzz::take_content(content);
    return true;
  });
  fuzz::require(taken.size() + rest.size() == size, "frames are taken whole and in a row");
  return 0;
}
