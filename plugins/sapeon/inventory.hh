// SPDX-License-Identifier: Apache-2.0
// All cards: the configured PCI ids and what the adapter names, put together.
#pragma once

#include <farmhand/roster.hh>
#include <map>

#include "card.hh"
#include "match.hh"

namespace farmhand::sapeon {

class Inventory {
 public:
  Inventory(const Host& host, const Settings& settings, const Root& root, Adapter& adapter);

  // Throws FH_E_UNSUPPORTED where nothing could say whether there are cards.
  std::vector<std::shared_ptr<const Card>> enumerate(Call& call);

  // Throws FH_E_INVALID for a handle that was never given, FH_E_DEVICE_LOST for a card that is
  // gone.
  std::shared_ptr<const Card> card(uint32_t handle) const { return roster_.get(handle); }

 private:
  bool add_pci(std::vector<Card>* cards) const;
  Card& card_at(const std::string& pci, std::vector<Card>* cards) const;
  void add_said(const Report& report, std::vector<Card>* cards) const;
  void keep_unsaid(std::vector<Card>* cards);
  void tell(const Report& report);

  const Host& host_;
  const Settings& settings_;
  const Root& root_;
  Adapter& adapter_;
  std::vector<Match> matches_;
  KeyBook book_;
  Roster<Card> roster_;
  std::vector<std::string> told_;  // what the log was told last
};

}  // namespace farmhand::sapeon
