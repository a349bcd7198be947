# SPDX-License-Identifier: Apache-2.0
"""NVIDIA's GPUs as the kernel and its driver show them, for plugins/nvidia; what the library says is nvml.c's.

Files of the driver: NVIDIA/open-gpu-kernel-modules, kernel-open/nvidia/nv-procfs.c; MIG's capabilities:
ComputeCanada/puppet-magic_castle, site/profile/files/slurm/nvidia_gres.sh. PCI device id of the H100: pci.ids.
"""


def address_of(number):
    return f'0000:{0x10 + number:02x}:00.0'


def uuid_of(number):
    return f'GPU-4c1f0000-87a5-4c9b-9c2e-0000000000{number:02x}'


class Card:
    def __init__(self, tree, number, pci):
        self.tree, self.number, self.pci = tree, number, pci

    def proc(self, **lines):
        text = ''.join(f'{name.replace("_", " ")}: \t {value}\n' for name, value in lines.items())
        self.tree.write(f'proc/driver/nvidia/gpus/{address_of(self.number)}/information', text)


def hidden(tree, number):
    """On the bus and no driver bound."""
    return Card(tree, number, tree.pci(address_of(number), 0x10de, 0x2330, 0x030200))


def h100(tree, number):
    card = Card(tree, number, tree.pci(address_of(number), 0x10de, 0x2330, 0x030200, driver='nvidia', numa=number % 2))
    card.proc(Model='NVIDIA H100 80GB HBM3', GPU_UUID=uuid_of(number), Video_BIOS='96.00.74.00.01',
              Device_Minor=number)
    tree.write('sys/module/nvidia/version', '580.65.06\n')
    for node in ('nvidiactl', 'nvidia-uvm', 'nvidia-uvm-tools', f'nvidia{number}'):
        tree.node(f'dev/{node}')
    for place, part in enumerate(('gi1', 'gi1/ci0', 'gi2', 'gi2/ci0')):
        tree.write(f'proc/driver/nvidia/capabilities/gpu{number}/mig/{part}/access',
                   f'DeviceFileMinor: {12 + 135 * number + place}\nDeviceFileMode: 292\nDeviceFileModify: 1\n')
    return card


def bridge(tree, number):
    """An NVSwitch: NVIDIA's, and no card."""
    return Card(tree, number, tree.pci(address_of(number), 0x10de, 0x22a3, 0x068000))


def vanish(tree, card):
    tree.remove(f'sys/bus/pci/devices/{address_of(card.number)}')
    tree.remove(card.pci)


def guest(tree, card):
    """Given to a virtual machine."""
    tree.remove(f'{card.pci}/driver')
    tree.write('sys/bus/pci/drivers/vfio-pci/bind', '')
    tree.link(f'{card.pci}/driver', 'sys/bus/pci/drivers/vfio-pci')


FAULTS = {
    'vanish': vanish,
    'guest': guest,
    'off_the_bus': lambda tree, card: (tree.write(f'{card.pci}/current_link_width', 63),
                                       tree.write(f'{card.pci}/current_link_speed', 'Unknown\n')),
    'link_errors': lambda tree, card: tree.errors(card.pci, fatal=2),
    'unread': lambda tree, card: card.proc(Model='Unknown', GPU_UUID='GPU-????????-????-????-????-????????????',
                                           Video_BIOS='??.??.??.??.??', Device_Minor=card.number),
    'no_node': lambda tree, card: tree.remove(f'dev/nvidia{card.number}'),
}

DEVICES = {'h100': h100, 'hidden': hidden, 'bridge': bridge}
