// SPDX-License-Identifier: Apache-2.0
// What a job needs to use its devices: one RSD group that has exactly them, its node, theirs, and
// the runtime's variables. Which nodes: RBLN-SW/rbln-container-toolkit@04f7e36,
// internal/cdi/generator.go; making a group: RBLN-SW/rblnlib-go@f931004, pkg/rblnsmi/rblnsmi.go.
//
// Nothing is remembered between the calls: what there is to undo, the groups themselves say.
#pragma once

#include <farmhand/jobenv.hh>
#include <memory>

#include "card.hh"

namespace farmhand::rebellions {

class Jobs {
 public:
  // `make`: whether groups are made and taken apart, or only used as the operator made them.
  Jobs(const Root& root, const SmiTool& tool, std::string lock_path, bool make)
      : root_(root), tool_(tool), lock_path_(std::move(lock_path)), make_(make) {}

  using Cards = std::vector<std::shared_ptr<const Card>>;

  // `cards` in the order of the lease.
  void prepare(Call& call, const Lease& lease, const Cards& cards) const;
  // `cards` that are still there.
  void release(Call& call, const Cards& cards) const;

 private:
  // Nothing for one that neither driver nor tool know any more.
  std::vector<std::optional<uint32_t>> find_numbers(const Call& call, const Cards& cards) const;
  // Of all, or FH_E_DEVICE_LOST.
  std::vector<uint32_t> numbers_now(const Call& call, const Cards& cards) const;
  void regroup(Call& call, const Cards& cards) const;
  void emit(Call& call, const Lease& lease, const std::vector<uint32_t>& numbers,
            std::optional<uint32_t> group) const;

  const Root& root_;
  const SmiTool& tool_;
  std::string lock_path_;
  bool make_;
};

}  // namespace farmhand::rebellions
