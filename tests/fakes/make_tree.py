#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a tree for a fake machine, or does something to one that is there:

    make_tree.py DIR VENDOR/DEVICE[:FAULT] …

VENDOR is a module beside this file. Its DEVICES say how to build one device (a function of the tree
and of the device's number in the machine), its FAULTS what can be wrong with it (a function of the
tree and of what the device's function gave). Several words make a machine with several devices;
repeated on the same folder they change it: first `accel/ivpu`, later `accel/ivpu:hot`.
"""
import importlib
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from sysfs import Tree  # noqa: E402


def build(root, words):
    os.makedirs(root, exist_ok=True)
    os.makedirs(os.path.join(root, 'sys/bus/pci/devices'), exist_ok=True)
    tree = Tree(root)
    for number, word in enumerate(words):
        name, *faults = word.split(':')
        vendor, device = name.split('/')
        module = importlib.import_module(vendor)
        made = module.DEVICES[device](tree, number)
        for fault in faults:
            module.FAULTS[fault](tree, made)
    return tree


if __name__ == '__main__':
    build(sys.argv[1], sys.argv[2:])
