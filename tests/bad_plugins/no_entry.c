/* SPDX-License-Identifier: Apache-2.0 */
/* Exports nothing: the entry has another name. */
int nothing_here(void);
int nothing_here(void) { return 0; }
