// SPDX-License-Identifier: Apache-2.0
// All devices of the machine, put together from every place that knows some: the PCI bus, the
// driver, the library, the tool. A sick one vanishes from the vendor's own lists; here it stays,
// because the bus still has it.
#pragma once

#include <farmhand/roster.hh>
#include <farmhand/settings.hh>
#include <map>

#include "look.hh"

namespace farmhand::rebellions {

class Inventory {
 public:
  Inventory(const Host& host, const Settings& settings, const Root& root, Shared& shared)
      : host_(host), settings_(settings), root_(root), shared_(shared) {}

  // Throws FH_E_UNSUPPORTED where nothing could say whether there are devices.
  std::vector<std::shared_ptr<const Card>> enumerate(Call& call);

  // Throws FH_E_INVALID for a handle that was never given, FH_E_DEVICE_LOST for a device that is
  // gone.
  std::shared_ptr<const Card> card(uint32_t handle) const { return roster_.get(handle); }

 private:
  using Drafts = std::map<std::string, Card>;  // by PCI address

  bool add_pci(Drafts* drafts) const;
  void add_driver(Drafts* drafts, const DriverCards& driver) const;
  void identify_by_tool(Drafts* drafts, Call& call);
  bool add_library(Drafts* drafts, const DriverCards& driver, std::string* problem);
  void join_by_number(Drafts* drafts, const DriverCards& driver) const;
  bool add_tool(Drafts* drafts, Call& call, std::string* problem) const;
  void name(Drafts* drafts);
  static void describe(Card* card);

  const Host& host_;
  const Settings& settings_;
  const Root& root_;
  Shared& shared_;

  KeyBook book_;
  Roster<Card> roster_;
  std::string said_;  // what the log was told last
};

}  // namespace farmhand::rebellions
