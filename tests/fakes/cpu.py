# SPDX-License-Identifier: Apache-2.0
"""Processor packages, for plugins/cpu.

File names and formats: linux Documentation/admin-guide/cputopology.rst, Documentation/power/powercap/powercap.rst,
Documentation/hwmon/{coretemp,k10temp}.rst, Documentation/ABI/testing/sysfs-devices-{system-cpu,edac}, proc(5).
"""

CPU = 'sys/devices/system/cpu'


def processors(tree, packages, cores, names):
    """Hyper-threads are numbered behind all cores, as the kernel does. Gives the number of processors."""
    total = packages * cores * 2
    paragraphs, interrupts = [], ''
    for cpu in range(total):
        core = cpu % (packages * cores)
        package = core // cores
        folder = f'{CPU}/cpu{cpu}'
        tree.files(f'{folder}/topology', physical_package_id=package, core_id=core % cores,
                   thread_siblings_list=f'{core},{core + packages * cores}\n', ppin=f'0x{0xabc0 + package:x}\n')
        tree.files(f'{folder}/cpufreq', scaling_cur_freq=2400000 + 100000 * package, base_frequency=2000000)
        lines = {'processor': cpu, **names, 'cpu MHz': '2400.000', 'physical id': package, 'core id': core % cores}
        paragraphs.append('\n'.join(f'{key}\t: {value}' for key, value in lines.items()))
        interrupts += f'       CPU{cpu}'
    tree.write('proc/cpuinfo', '\n\n'.join(paragraphs) + '\n\n')
    ticks = '\n'.join(f'cpu{cpu} 100 0 100 800 0 0 0 0 0 0' for cpu in range(total))
    tree.write('proc/stat', f'cpu  {100 * total} 0 {100 * total} {800 * total} 0 0 0 0 0 0\n{ticks}\n')
    tree.write('proc/interrupts', interrupts + '\n  0:' + '          7' * total + '   timer\nMCE:' +
               '          0' * total + '   Machine check exceptions\nMCP:' + '          9' * total + '   Machine check polls\n')
    for package in range(packages):
        mine = f'{package * cores}-{package * cores + cores - 1}'
        more = f'{(packages + package) * cores}-{(packages + package) * cores + cores - 1}'
        node = f'sys/devices/system/node/node{package}'
        tree.write(f'{node}/cpulist', f'{mine},{more}\n')
        tree.write(f'{node}/meminfo', f'Node {package} MemTotal:       16777216 kB\nNode {package} MemFree:         4194304 kB\n'
                                      f'Node {package} MemUsed:        12582912 kB\n')
        zone = f'sys/devices/virtual/powercap/intel-rapl/intel-rapl:{package}'
        tree.files(zone, name=f'package-{package}\n', energy_uj=1000000, max_energy_range_uj=262143328850)
        tree.files(f'{zone}/intel-rapl:{package}:0', name='dram\n', energy_uj=500000, max_energy_range_uj=65712999613)
        tree.link(f'sys/class/powercap/intel-rapl:{package}', zone)
        tree.link(f'sys/class/powercap/intel-rapl:{package}:0', f'{zone}/intel-rapl:{package}:0')
        tree.files(f'sys/devices/system/edac/mc/mc{package}', mc_name=f'Skylake Socket#{package} IMC#0\n', ce_count=3,
                   ue_count=0)
    return total


def xeon(tree, _):
    """Two packages of four cores with two threads each."""
    names = {'vendor_id': 'GenuineIntel', 'cpu family': 6, 'model': 106, 'model name': 'Intel(R) Xeon(R) Gold 6338',
             'microcode': '0xd0003a5', 'flags': 'fpu sse2 avx avx2 fma avx512f avx512_vnni'}
    total = processors(tree, 2, 4, names)
    for cpu in range(total):
        tree.files(f'{CPU}/cpu{cpu}/thermal_throttle', package_throttle_count=0, core_throttle_count=0)
    for package in range(2):
        chip = f'sys/devices/platform/coretemp.{package}'
        tree.hwmon(chip, 'coretemp', temp1=(f'Package id {package}', 51000), temp1_crit=100000, temp1_max=90000,
                   temp2=('Core 0', 49000))
    return 'xeon'


def epyc(tree, _):
    """One package of eight cores."""
    names = {'vendor_id': 'AuthenticAMD', 'cpu family': 25, 'model': 1, 'model name': 'AMD EPYC 7313 8-Core Processor',
             'microcode': '0xa0011d1', 'flags': 'fpu sse2 avx avx2 fma'}
    processors(tree, 1, 8, names)
    folder = tree.pci('0000:c0:18.3', 0x1022, 0x1653, 0x060000, driver='k10temp')
    tree.hwmon(folder, 'k10temp', temp1=('Tctl', 61000), temp3=('Tccd1', 55000))
    return 'epyc'


DEVICES = {'xeon': xeon, 'epyc': epyc}


def sensor(tree, value):
    tree.write('sys/devices/platform/coretemp.0/hwmon/hwmon0/temp1_input', value)


FAULTS = {
    'hot': lambda tree, _: sensor(tree, '101000\n'),
    'celsius': lambda tree, _: sensor(tree, '51\n'),
    'garbage': lambda tree, _: [sensor(tree, 'cold\n'), tree.write('proc/stat', 'cpu0 a b c\n'),
                                tree.write('sys/class/powercap/intel-rapl:0/energy_uj', '-\n')],
    'throttled': lambda tree, _: tree.write(f'{CPU}/cpu0/thermal_throttle/package_throttle_count', 2),
    'uncorrected': lambda tree, _: tree.write('sys/devices/system/edac/mc/mc0/ue_count', 1),
}
