/* SPDX-License-Identifier: Apache-2.0 */
/* The entry is a function, which an agent that looked only at names would read as data. */
__attribute__((visibility("default"))) void farmhand_plugin_v1(void);
void farmhand_plugin_v1(void) {}
