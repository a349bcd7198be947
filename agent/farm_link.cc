// SPDX-License-Identifier: Apache-2.0
#include "farm_link.hh"

#include <unistd.h>

#include <utility>

#include "base/file.hh"
#include "base/log.hh"
#include "base/version.hh"

namespace farmhand {

namespace {

// A key that cannot be read is said once and left out: commands signed with it will be refused,
// the agent goes on.
std::vector<std::string> read_keys(const std::vector<std::string>& paths) {
  std::vector<std::string> keys;
  for (const std::string& path : paths) {
    auto key = read_file(path, 64 << 10);
    if (key) {
      keys.push_back(*std::move(key));
    } else {
      log::error("a trusted key is left out", {{"why", key.error().message}});
    }
  }
  return keys;
}

}  // namespace

FarmLink::FarmLink(Parts parts, const AgentConfig& config, Uuid node, std::string boot_id,
                   std::function<void(Commands::Done)> report_inventory)
    : parts_(parts),
      config_(config),
      node_(node),
      boot_id_(std::move(boot_id)),
      commands_(parts.loop, parts.clock, parts.store, parts.state, parts.outbox,
                {.trusted_keys = read_keys(config.commands.trusted_keys), .partitions = {}}) {
  commands_.handle("report_inventory",
                   [report_inventory](const wire::Command&, Commands::Done done) {
                     report_inventory(std::move(done));
                   });
}

void FarmLink::start() {
  auto credential = load_credential(credential_path());
  if (!credential) {
    problem_ = credential.error().message;
    log::error("the node's credential cannot be used", {{"why", problem_}});
  } else {
    credential_ = *std::move(credential);
  }
  if (credential_) commands_.set_partitions(partitions_of(*credential_));
  commands_.resume();
  begin_session();
}

void FarmLink::stop() {
  enrolment_.reset();
  if (uplink_) uplink_->stop();
}

void FarmLink::begin_session() {
  const auto& wanted = config_.coordinator;
  const std::string url = !wanted.url.empty() ? wanted.url : credential_ ? credential_->url : "";
  if (url.empty()) return;
  if (!credential_ && wanted.cert.empty()) {
    if (problem_.empty()) {
      problem_ =
          "this node is not enrolled; get a join token from the coordinator's operator and run "
          "`farmhand enroll --token-file FILE`";
    }
    return;
  }
  problem_.clear();
  Uplink::Options options;
  options.url = url;
  options.ca_file = !wanted.ca.empty() ? wanted.ca : credential_ ? credential_->ca_file : "";
  options.cert_file = wanted.cert;
  options.key_file = wanted.key;
  options.credential = credential_ ? credential_->secret : "";
  options.node = node_;
  options.hostname = config_.node.name;
  options.boot_id = boot_id_;
  options.agent_version = kVersion;
  uplink_ = std::make_unique<Uplink>(parts_.loop, parts_.clock, parts_.net, parts_.outbox,
                                     std::move(options));
  uplink_->on_command(
      [this](wire::SignedCommand command, std::function<void(wire::CommandAck)> ack) {
        commands_.receive(std::move(command), std::move(ack));
      });
  uplink_->start();
}

void FarmLink::take(const Credential& credential) {
  credential_ = credential;
  commands_.set_partitions(partitions_of(credential));
  uplink_.reset();
  begin_session();
}

void FarmLink::enroll(const EnrollRequest& request, std::function<void(Result<Enrolled>)> done) {
  if (enrolment_) {
    return done(Error{Errc::kExists, "an enrolment is under way; wait for it to end"});
  }
  const auto& wanted = config_.coordinator;
  Enrolment::Options options;
  options.url = !request.url.empty() ? request.url : wanted.url;
  options.ca_file = !request.ca_file.empty() ? request.ca_file : wanted.ca;
  options.cert_file = wanted.cert;
  options.key_file = wanted.key;
  if (options.url.empty()) {
    return done(
        Error{Errc::kInvalid, "no coordinator is known; give --url, or set [coordinator] url in " +
                                  std::string("the agent's configuration")});
  }
  options.join_token = request.token;
  options.node = node_;
  options.hostname = config_.node.name;
  options.agent_version = kVersion;
  options.credential_path = credential_path();
  enrolment_ =
      std::make_unique<Enrolment>(parts_.loop, parts_.net, parts_.store, std::move(options),
                                  [this, done = std::move(done)](Result<Credential> credential) {
                                    // The exchange is over: its object goes once this callback has
                                    // returned.
                                    const std::unique_ptr<Enrolment> over = std::move(enrolment_);
                                    if (!credential) return done(credential.error());
                                    take(*credential);
                                    done(Enrolled{.url = credential->url,
                                                  .cloud = credential->cloud,
                                                  .vendors = credential->vendors,
                                                  .partitions = partitions_of(*credential)});
                                  });
}

CoordinatorView FarmLink::view() const {
  CoordinatorView view;
  view.url = !config_.coordinator.url.empty() ? config_.coordinator.url
             : credential_                    ? credential_->url
                                              : "";
  view.enrolled = credential_.has_value() || !config_.coordinator.cert.empty();
  if (credential_) {
    view.cloud = credential_->cloud;
    view.partitions = partitions_of(*credential_);
  }
  if (uplink_) view.uplink = uplink_->status();
  view.problem = problem_;
  return view;
}

}  // namespace farmhand
