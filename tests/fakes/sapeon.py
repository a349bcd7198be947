# SPDX-License-Identifier: Apache-2.0
"""Sapeon X330, for plugins/sapeon. Nothing below PCI is public: ids, driver and sensors are made up, and what an adapter
says is the form that plugins/sapeon/README.md describes.
"""
import json


def address_of(number):
    return f'0000:{0x10 + number:02x}:00.0'


class Card:
    def __init__(self, tree, number, pci, chip):
        self.tree, self.number, self.pci, self.chip = tree, number, pci, chip


def x330(tree, number):
    """With a driver that has a hwmon chip, and a word of the adapter."""
    folder = tree.pci(address_of(number), 0x1234, 0x0330, driver='sapeon', numa=number % 2)
    chip = tree.hwmon(folder, 'sapeon', temp1=('board', 36000), temp1_max=95000)
    say(tree)
    return Card(tree, number, folder, chip)


def bare(tree, number):
    """On the bus without a driver."""
    return Card(tree, number, tree.pci(address_of(number), 0x1234, 0x0330), None)


def device(number):
    return {'pci': address_of(number), 'serial': f'SX330-{number:04d}', 'model': 'X330', 'firmware': '1.2.0',
            'state': 'ok', 'utilization': 62.5, 'memory_utilization': 20, 'memory_used': 4096,
            'memory_total': 17179869184, 'temperature': 51.5, 'power': 81.5, 'power_limit': 120, 'clock': 1000,
            'inferences': 1234, 'errors_corrected': 0, 'errors_uncorrected': 0, 'throttle': [],
            'nodes': [f'/dev/sapeon{number}'], 'environment': {'SAPEON_DEVICES': str(number)}}


def say(tree, count=2, change=None):
    """The answer of the fake tool (its first word is `cards`): cards 0 to count - 1, the second one changed."""
    document = {'schema': 'farmhand.sapeon/1', 'driver': '3.1.4', 'devices': [device(at) for at in range(count)]}
    if change:
        change(document)
    tree.write('answers/cards', json.dumps(document))


FAULTS = {
    'degrees': lambda tree, card: tree.write(f'{card.chip}/temp1_input', 36),
    'vanish': lambda tree, card: (tree.remove(f'sys/bus/pci/devices/{address_of(card.number)}'), tree.remove(card.pci)),
    'narrow': lambda tree, card: tree.write(f'{card.pci}/current_link_width', 4),
}

DEVICES = {'x330': x330, 'bare': bare}
