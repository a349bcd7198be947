# SPDX-License-Identifier: Apache-2.0
"""FuriosaAI RNGD and Warboy, for plugins/furiosa.

Names and formats: furiosa-ai/device-api@bc3cabc, device-api/src/{sysfs,hwmon,perf_regs}.rs and test_data; alloc_status
and metrics: lablup/backend.ai@c0032c4, accelerator/furiosa/rngd/rngd_api.py; nodes: furiosa-ai/libfuriosa-kubernetes@439eb12,
pkg/cdi_spec/rngd.go. Keys of the tool: lablup/all-smi@b92ea0a, src/device/readers/furiosa.rs.
"""
import json
import os
import sys

RANGES = ['0', '1', '2', '3', '4', '5', '6', '7', '0-1', '2-3', '4-5', '6-7', '0-3', '4-7']
ATR = ('AXI Post Error', 'AXI Fetch Error', 'AXI Discard Error', 'AXI Doorbell done', 'PCIe Post Error',
       'PCIe Fetch Error', 'PCIe Discard Error', 'PCIe Doorbell done', 'Device Error')


def address_of(number):
    return f'0000:{0x10 + number:02x}:00.0'


def uuid_of(number):
    return f'82540B87-1055-48C6-AAB1-C4CC84672C{number:02X}'


def atr(**counts):
    return '\n'.join(f'{name}: {counts.get(name.replace(" ", "_"), 0)}' for name in ATR) + '\n'


class Card:
    def __init__(self, tree, number, pci, mgmt, core, hwmon):
        self.tree, self.number, self.pci, self.mgmt, self.core, self.hwmon = tree, number, pci, mgmt, core, hwmon

    def write(self, name, text):
        self.tree.write(f'{self.mgmt}/{name}', text)

    def cycles(self, core, cycles, busy):
        self.tree.write(f'{self.core}pe{core}/metrics', f'CycleCount: {cycles}\nTaskCycleCount: {busy}\n')


def hidden(tree, number):
    """On the bus and no driver bound."""
    return Card(tree, number, tree.pci(address_of(number), 0x1ed2, 0x0001), None, None, None)


def rngd(tree, number):
    folder = tree.pci(address_of(number), 0x1ed2, 0x0001, driver='rngd', numa=number % 2)
    temperatures = {f'temp{2 + core}': (f'NPU_PE{core}', 40000 + core * 100) for core in range(8)}
    chip = tree.hwmon(folder, f'rngd{number}', temp1=('PEAK', 41500), temp10=('AMBIENT', 31000), **temperatures,
                      power1_average=39000000, power1_label='RMS_TOTAL\n')
    npu = f'rngd!npu{number}'
    mgmt = tree.class_device('rngd_mgmt', f'{npu}mgmt', dev=f'235:{number}')
    card = Card(tree, number, folder, mgmt, f'{os.path.dirname(mgmt)}/{npu}', chip)
    tree.files(mgmt, busname=address_of(number), device_uuid=uuid_of(number), device_sn=f'RNGD{number:06d}\n',
               device_type='RNGD\n', platform_type='FuriosaAI\n', version='2026.3.0, 0abcdef\n',
               fw_version='2026.3.0, 7e25130\n', device_state=1, heartbeat=42, atr_error=atr(AXI_Doorbell_done=17),
               cur_pe_ids=','.join(RANGES), pe_occupancy='1\n' + '0\n' * 7, npu_clocks='2000\n' * 8,
               npu_governor='performance\n', soc_id='00000000-AAAAAAAA\n')
    for core in range(8):
        tree.class_device('rngd_mgmt', f'{npu}pe{core}')
        card.cycles(core, 1000000000, 250000000)
        tree.write(f'{card.core}pe{core}/alloc_status',
                   'dram_capacity: 0xb00000000\nshared_capacity: 0xe0000000\ndram_usage: 0x40000000\n'
                   'shared_usage: 0x1000\n' if core == 0 else '')
    for name in (['mgmt', 'dmar', 'bar0', 'bar2', 'bar4'] + [f'pe{each}' for each in RANGES]
                 + [f'ch{core}{end}' for core in range(8) for end in ('', 'r')]):
        tree.node(f'dev/rngd/npu{number}{name}')
    return card


def perf_regs(cycles, busy):
    return (f'ProgramCounter: 0x4c2c\nTaskExecutionTime: {busy & 0xffffffff:#x}\nTensorExecutionTime: 0x0\n'
            f'CycleCount: {cycles & 0xffffffff:#x}\nCycleCountHigh: {cycles >> 32:#x}\n')


def warboy(tree, number):
    # Warboy's PCI device id is in no public source; the fake's is made up.
    folder = tree.pci(address_of(number), 0x1ed2, 0x0000, driver='npu', speed='16.0', speed_max='16.0', width=8,
                      width_max=8)
    chip = tree.hwmon(folder, f'npu{number}', temp1=('Temp1', 36000), temp2=('Temp2', 37000), in0=('Voltage0', 1100),
                      curr1=('Current1', 1000), power1_average=11000000, power1_label='Power1\n')
    mgmt = tree.class_device('npu_mgmt', f'npu{number}_mgmt', dev=f'236:{number}')
    core = f'{os.path.dirname(mgmt)}/npu{number}'
    tree.files(mgmt, busname=address_of(number), device_uuid=uuid_of(number), device_sn=f'WBYB{number:013d}\n',
               device_type='Warboy\n', platform_type='FuriosaAI\n', version='1.0.0, 0000000\n',
               fw_version='1.6.0, c1bebfd\n', alive=1, heartbeat=42, atr_error=atr(),
               performance_mode='4 (FULL 1)\n')
    for cores in ('0', '1', '0-1'):
        tree.class_device('npu_mgmt', f'npu{number}pe{cores}')
        tree.write(f'{core}pe{cores}/perf_regs', perf_regs(0x35f8bf98, 0x8a035bf))
        tree.node(f'dev/npu{number}pe{cores}')
    tree.node(f'dev/npu{number}')
    tree.node(f'dev/npu{number}_mgmt')
    return Card(tree, number, folder, mgmt, core, chip)


def vanish(tree, card):
    tree.remove(f'sys/bus/pci/devices/{address_of(card.number)}')
    tree.remove(card.pci)
    undriven(tree, card)


def undriven(tree, card):
    """The driver let go of it: what the vendor's tools no longer list."""
    for folder in (os.path.dirname(card.mgmt), 'sys/class/rngd_mgmt', 'sys/class/npu_mgmt'):
        for name in os.listdir(tree.path(folder)) if os.path.isdir(tree.path(folder)) else []:
            if name.startswith((f'rngd!npu{card.number}', f'npu{card.number}')):
                tree.remove(f'{folder}/{name}')


def renumbered(tree, card):
    """The driver started anew and gave the card another number."""
    undriven(tree, card)
    moved = rngd(tree, card.number + 5)
    tree.remove(moved.pci)
    tree.remove(f'sys/bus/pci/devices/{address_of(moved.number)}')
    tree.files(moved.mgmt, busname=address_of(card.number), device_uuid=uuid_of(card.number),
               device_sn=f'RNGD{card.number:06d}\n')


def two_heads(tree, card):
    """Both cards of the machine say that they are the same one."""
    card.write('device_sn', 'RNGD000000\n')


FAULTS = {
    'hot': lambda tree, card: tree.write(f'{card.hwmon}/temp1_input', 97000),
    'degrees': lambda tree, card: tree.write(f'{card.hwmon}/temp1_input', 41),
    'microdegrees': lambda tree, card: tree.write(f'{card.hwmon}/temp1_input', 41500000),
    'no_heat': lambda tree, card: tree.write(f'{card.hwmon}/temp1_input', 0),
    'text_for_number': lambda tree, card: tree.write(f'{card.hwmon}/temp1_input', '"41500"'),
    'negative_power': lambda tree, card: tree.write(f'{card.hwmon}/power1_average', -39000000),
    'no_hwmon': lambda tree, card: tree.remove(f'{card.pci}/hwmon'),
    'busy': lambda tree, card: [card.cycles(core, 1400000000, 550000000) for core in range(8)],
    'idle': lambda tree, card: [card.cycles(core, 1400000000, 250000000) for core in range(8)],
    'still': lambda tree, card: [card.cycles(core, 1000000000, 250000000) for core in range(8)],
    'counters_backwards': lambda tree, card: [card.cycles(core, 1000, 10) for core in range(8)],
    'too_busy': lambda tree, card: [card.cycles(core, 1400000000, 1550000000) for core in range(8)],
    'counters_cut': lambda tree, card: tree.write(f'{card.core}pe0/metrics', 'CycleCount: 2000000000\nTaskCyc'),
    'no_counters': lambda tree, card: [tree.remove(f'{card.core}pe{core}/metrics') for core in range(8)],
    'dead': lambda tree, card: card.write('device_state', 0),
    'strange_state': lambda tree, card: card.write('device_state', 7),
    'beats': lambda tree, card: card.write('heartbeat', 43),
    'atr_axi': lambda tree, card: card.write('atr_error', atr(AXI_Post_Error=3)),
    'atr_device': lambda tree, card: card.write('atr_error', atr(Device_Error=1)),
    'atr_done': lambda tree, card: card.write('atr_error', atr(AXI_Doorbell_done=900)),
    'atr_cut': lambda tree, card: card.write('atr_error', 'AXI Post Error: 0\nAXI Fet'),
    'one_clock': lambda tree, card: card.write('npu_clocks', 2000),
    'many_clocks': lambda tree, card: card.write('npu_clocks', '2000\n' * 100),
    'no_memory': lambda tree, card: tree.write(f'{card.core}pe0/alloc_status', ''),
    'memory_beyond': lambda tree, card: tree.write(f'{card.core}pe0/alloc_status', 'dram_capacity: 0x10\ndram_usage: 0x20\n'),
    'no_serial': lambda tree, card: card.write('device_sn', ''),
    'odd_serial': lambda tree, card: card.write('device_sn', b'\xff\xfe\x01RNGD\n'),
    'no_name': lambda tree, card: (card.write('device_sn', '0000'), card.write('device_uuid', '')),
    'two_heads': two_heads,
    'narrow': lambda tree, card: tree.write(f'{card.pci}/current_link_width', 8),
    'odd_width': lambda tree, card: tree.write(f'{card.pci}/current_link_width', 63),
    'off_the_bus': lambda tree, card: (tree.write(f'{card.pci}/current_link_width', 63),
                                       tree.write(f'{card.pci}/current_link_speed', 'Unknown\n')),
    'link_errors': lambda tree, card: tree.errors(card.pci, fatal=2),
    'wraps': lambda tree, card: tree.write(f'{card.core}pe0/perf_regs',
                                           perf_regs(0x35f8bf98 + 0xf8000000, 0x8a035bf + 0xf8000000)),
    'vanish': vanish,
    'undriven': undriven,
    'renumbered': renumbered,
}

DEVICES = {'rngd': rngd, 'warboy': warboy, 'hidden': hidden}


def tool_documents(count, old=False):
    """What `furiosa-smi info` and `status` print for so many cards (numbers of our own)."""
    info, status = [], []
    for number in range(count):
        info.append({'arch': 'rngd', 'dev_name': f'npu{number}', 'device_uuid': uuid_of(number),
                     'device_sn': f'RNGD{number:06d}', 'firmware': '2026.3.0, 7e25130', 'temperature': '41.50°C',
                     'power': '39.00 W', 'core_clock': '2000 MHz', 'governor': 'performance',
                     'pci_bdf': address_of(number), 'pci_dev': f'235:{number}'})
        cores = [{'pe_core': core, 'utilization' if old else 'pe_utilization': 73.5} for core in range(8)]
        status.append({'arch': 'rngd', 'device': f'npu{number}', 'liveness': 'alive', 'pe_utilizations': cores})
        if not old:
            status[-1]['memory'] = {'DRAM': {'used_size': 4096, 'total_size': 51002736640, 'used_ratio': 0.0}}
            for core in cores:
                core['pe_occupancy'] = core['pe_core'] == 0
    return json.dumps(info, ensure_ascii=False), json.dumps(status)


if __name__ == '__main__':  # furiosa.py FOLDER COUNT [old]: the answers of a fake tool
    for name, text in zip(('info', 'status'), tool_documents(int(sys.argv[2]), sys.argv[3:] == ['old'])):
        with open(os.path.join(sys.argv[1], name), 'w') as file:
            file.write(text)
