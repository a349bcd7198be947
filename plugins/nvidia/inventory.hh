// SPDX-License-Identifier: Apache-2.0
// All cards of the machine: those on the PCI bus, each with what driver and library say of it. A
// card that the library loses stays on the list, because the bus still has it.
#pragma once

#include <farmhand/roster.hh>
#include <farmhand/settings.hh>

#include "card.hh"
#include "library.hh"

namespace farmhand::nvidia {

class Inventory {
 public:
  Inventory(const Host& host, const Settings& settings, const Root& root, Nvml& library)
      : host_(host), settings_(settings), root_(root), library_(library) {}

  // Throws FH_E_UNSUPPORTED where nothing could say whether there are cards.
  std::vector<std::shared_ptr<const Card>> enumerate(Call& call);

  // Throws FH_E_INVALID for a handle that was never given, FH_E_DEVICE_LOST for a card that is
  // gone.
  std::shared_ptr<const Card> card(uint32_t handle) const { return roster_.get(handle); }

  std::vector<std::shared_ptr<const Card>> cards() const { return roster_.all(); }

 private:
  using Drafts = std::map<std::string, Card>;  // by PCI address

  bool add_pci(Drafts* drafts) const;
  void add_driver(Drafts* drafts) const;
  void add_library(Drafts* drafts, bool bus, Call& call);
  void add_unlisted(Drafts* drafts, Call& call);
  void ask(Card* card);
  void name(Card* card);
  void note_unmanaged(Card* card, const std::string& problem) const;
  bool must_leave_alone(const Card& card) const;

  const Host& host_;
  const Settings& settings_;
  const Root& root_;
  Nvml& library_;
  std::map<std::string, std::string> uuids_;  // by PCI address: a name once read stays
  KeyBook book_;
  Roster<Card> roster_;
  std::string said_;  // what the log was told last
};

}  // namespace farmhand::nvidia
