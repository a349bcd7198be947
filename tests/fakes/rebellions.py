# SPDX-License-Identifier: Apache-2.0
"""Rebellions ATOM+, ATOM-Max and REBEL, for plugins/rebellions.

PCI ids: RBLN-SW/rbln-npu-feature-discovery@0c09e7c, deps/rebellions-pci.ids. Files: the same repository @a14eabb,
internal/sysfs/sysfs.go; RBLN-SW/k8s-device-plugin@4a9b9ad, cmd/rbln-device-plugin/status.go; RBLN-SW/vllm-rbln@0afa1ac,
vllm_rbln/v1/worker/utils.py. Keys of the tool: RBLN-SW/rblnlib-go@f931004, pkg/rblnsmi/rblnsmi.go; lablup/all-smi@b92ea0a,
src/device/readers/rebellions.rs. That the class device has a link to the PCI device is the kernel's custom, and not verified.
"""
import json
import os
import sys

MEMORY = 16877879296
GROUPS = 'sys/class/rebellions/rsd/rsd_group'
PARTS = {0x1220: 'RBLN-CA22', 0x1250: 'RBLN-CA25', 0x2130: 'RBLN-CR13'}


def address_of(number):
    return f'0000:{0x10 + number:02x}:00.0'


def uuid_of(number):
    return f'5be1a2f0-0000-4000-8000-0000000000{number:02x}'


def serial_of(number, part):
    """Four devices of an ATOM-Max are one card."""
    return str(7000 + number // 4 if part == 'RBLN-CA25' else 9000 + number)


class Device:
    def __init__(self, tree, number, pci, folder):
        self.tree, self.number, self.pci, self.folder = tree, number, pci, folder

    def write(self, name, text):
        self.tree.write(f'{self.folder}/{name}', text)


def groups(tree):
    if not os.path.exists(tree.path(GROUPS)):
        return ''
    with open(tree.path(GROUPS)) as file:
        return file.read()


def group(tree, number, device):
    """Puts the device into the group, out of any other."""
    lines = groups(tree).splitlines() or ['group,state,device']
    lines = [line for line in lines if not line.endswith(f',rbln{device}')] + [f'{number},0,rbln{device}']
    tree.write(GROUPS, '\n'.join(lines) + '\n')
    tree.node(f'dev/rsd{number}')


def pci(tree, number, pci_id, driver):
    folder = tree.pci(address_of(number), 0x1eff, pci_id, driver=driver, numa=number % 2)
    tree.write(f'{folder}/sriov_numvfs', 0)
    return folder


def device(tree, number, pci_id):
    folder = pci(tree, number, pci_id, 'rebellions')
    made = Device(tree, number, folder, tree.class_device('rebellions', f'rbln{number}', parent=folder,
                                                          dev=f'510:{number}', node=f'rbln{number}'))
    tree.files(made.folder, status=0, kernel_version='3.4.0-abc123\n', card_name=f'{PARTS[pci_id]}\n',
               dram_total=MEMORY, dram_used=4096)
    if f'rbln{number}\n' not in groups(tree):
        group(tree, 0, number)
    os.makedirs(tree.path('var/run'), exist_ok=True)
    return made


def hidden(tree, number):
    """On the bus and no driver bound."""
    return Device(tree, number, pci(tree, number, 0x1220, None), None)


def undriven(tree, made):
    tree.remove(f'sys/class/rebellions/rbln{made.number}')
    tree.remove(made.folder)


def vanish(tree, made):
    undriven(tree, made)
    tree.remove(f'sys/bus/pci/devices/{address_of(made.number)}')
    tree.remove(made.pci)


def renumbered(tree, made):
    """A change of groups gave the device another number."""
    undriven(tree, made)
    number = made.number + 5
    folder = tree.class_device('rebellions', f'rbln{number}', parent=made.pci, dev=f'510:{number}', node=f'rbln{number}')
    tree.files(folder, status=0, kernel_version='3.4.0-abc123\n', dram_total=MEMORY, dram_used=4096)
    group(tree, 0, number)


def virtual(tree, made):
    """The physical function has virtual ones: it is not to be used, and they are."""
    tree.write(f'{made.pci}/sriov_numvfs', 1)
    function = pci(tree, made.number + 7, 0x1221, 'rebellions')
    tree.link(f'{function}/physfn', made.pci)


FAULTS = {
    **{f'status{number}': lambda tree, made, number=number: made.write('status', number) for number in range(8)},
    'status_text': lambda tree, made: made.write('status', 'READY'),
    'no_status': lambda tree, made: tree.remove(f'{made.folder}/status'),
    'driver_old': lambda tree, made: made.write('kernel_version', '2.0.1\n'),
    'driver_odd': lambda tree, made: made.write('kernel_version', b'\xff\xfe'),
    'memory_beyond': lambda tree, made: made.write('dram_used', MEMORY + 1),
    'memory_text': lambda tree, made: made.write('dram_used', '"4096"'),
    'memory_cut': lambda tree, made: made.write('dram_used', ''),
    'no_memory': lambda tree, made: [tree.remove(f'{made.folder}/dram_{which}') for which in ('used', 'total')],
    'no_link': lambda tree, made: tree.remove(f'{made.folder}/device'),
    'no_name': lambda tree, made: tree.remove(f'{made.folder}/card_name'),
    'grouped': lambda tree, made: group(tree, 3, made.number),
    'no_groups': lambda tree, made: tree.remove('sys/class/rebellions/rsd'),
    'narrow': lambda tree, made: tree.write(f'{made.pci}/current_link_width', 8),
    'off_the_bus': lambda tree, made: (tree.write(f'{made.pci}/current_link_width', 63),
                                       tree.write(f'{made.pci}/current_link_speed', 'Unknown\n')),
    'link_errors': lambda tree, made: tree.errors(made.pci, fatal=2),
    'undriven': undriven,
    'vanish': vanish,
    'renumbered': renumbered,
    'virtual': virtual,
}

DEVICES = {
    'atom': lambda tree, number: device(tree, number, 0x1220),
    'max': lambda tree, number: device(tree, number, 0x1250),
    'rebel': lambda tree, number: device(tree, number, 0x2130),
    'hidden': hidden,
}


def document(count, old=False):
    """What `rbln-smi -g -j` prints for so many devices (numbers of our own)."""
    devices = []
    for number in range(count):
        devices.append({'group_id': '0', 'npu': str(number) if old else number, 'name': 'RBLN-CA22',
                        'sid': serial_of(number, 'RBLN-CA22') if old else None, 'uuid': uuid_of(number),
                        'device': f'rbln{number}', 'status': 'normal', 'fw_ver': '3.2.2',
                        'pci': {'dev': '1220', 'bus_id': address_of(number), 'numa_node': '0' if old else 0,
                                'link_speed': '32GT/s', 'link_width': '16'},
                        'temperature': '41C' if old else '41', 'card_power': '52.0W/120W' if old else '52.0',
                        'pstate': 'P4', 'memory': {'used': '4096', 'total': str(MEMORY)},
                        'util': '12.0%' if old else '12.0', 'board_info': 'none', 'location': 1})
        if old:
            del devices[-1]['group_id']
    context = {'ctx_id': '1', 'npu': '0', 'process': 'python', 'ptid': '123', 'memalloc': '4.0KiB'} if old else {
        'ctx_id': '1', 'npu': 0, 'cmd': 'python', 'pid': 123, 'memory': '4.0KiB'}
    return json.dumps({'KMD_version': '3.2.2', 'devices': devices, 'contexts': [context]})


if __name__ == '__main__':  # rebellions.py FILE COUNT [old]: the answer of a fake tool
    with open(sys.argv[1], 'w') as file:
        file.write(document(int(sys.argv[2]), sys.argv[3:] == ['old']))
