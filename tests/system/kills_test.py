# SPDX-License-Identifier: Apache-2.0
"""kill -9 again and again under load: nothing accepted is lost, nothing is double, nothing is unexplained.

200 kills, or FARMHAND_KILLS; `tests/soak kills` does 10 000.
"""

import os

import kills
from farm import FarmTest, SLOW, main

CYCLES = int(os.environ.get("FARMHAND_KILLS", "60" if SLOW > 1 else "200"))
SEED = int(os.environ.get("FARMHAND_SEED", "20"))


class Kill(FarmTest):
    def test_what_was_accepted_is_applied_exactly_once(self):
        run = kills.Kills(self.farm, SEED)
        run.run(CYCLES)
        totals, wrong = run.account()
        print(kills.told(totals), f"(seed {SEED})", flush=True)
        self.assertEqual(wrong, [])
        self.assertGreater(totals["accepted"], CYCLES, "there was no load to speak of")
        self.assertGreater(totals["commands"], 0)


if __name__ == "__main__":
    main()
