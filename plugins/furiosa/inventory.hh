// SPDX-License-Identifier: Apache-2.0
// All cards of the machine, put together from every place that knows some: the PCI bus, the driver,
// the library, the tool. A sick card vanishes from the vendor's own lists; here it stays, because
// the bus still has it.
#pragma once

#include <farmhand/roster.hh>
#include <farmhand/settings.hh>
#include <map>

#include "look.hh"

namespace farmhand::furiosa {

class Inventory {
 public:
  Inventory(const Host& host, const Settings& settings, const Root& root, SharedLibrary& library,
            SmiTool& tool);

  // Throws FH_E_UNSUPPORTED where nothing could say whether there are cards.
  std::vector<std::shared_ptr<const Card>> enumerate(Call& call);

  // Throws FH_E_INVALID for a handle that was never given, FH_E_DEVICE_LOST for a card that is
  // gone.
  std::shared_ptr<const Card> card(uint32_t handle) const { return roster_.get(handle); }

  bool any_driver() const { return any_driver_; }

 private:
  using Drafts = std::map<std::string, Card>;  // by PCI address

  bool add_pci(Drafts* drafts) const;
  void add_driver(Drafts* drafts, const DriverCards& driver) const;
  bool add_library(Drafts* drafts, std::string* problem);
  bool add_tool(Drafts* drafts, Call& call, std::string* problem);
  void drop_absent(Drafts* drafts) const;
  void describe(Card* card);

  const Host& host_;
  const Settings& settings_;
  const Root& root_;
  SharedLibrary& library_;
  SmiTool& tool_;
  bool touching_all_allowed_;  // no card is quarantined

  KeyBook book_;
  Roster<Card> roster_;
  std::string library_said_;  // what the log was told last
  bool any_driver_ = false;
};

}  // namespace farmhand::furiosa
