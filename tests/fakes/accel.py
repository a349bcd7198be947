# SPDX-License-Identifier: Apache-2.0
"""Devices of the kernel's own interfaces, for plugins/accel.

PCI ids and file names: linux drivers/accel/ivpu/{ivpu_drv.h,ivpu_sysfs.c}, drivers/accel/amdxdna/
{amdxdna_pci_drv.c,amdxdna_sysfs.c}, drivers/accel/qaic/qaic_drv.c, Documentation/ABI/testing/sysfs-driver-qaic;
tenstorrent/tt-kmd docs/sysfs-attributes.md, enumerate.c.
"""


def address_of(number):
    return f'0000:{0x10 + number:02x}:00.0'


def accel(tree, number, folder):
    """`/sys/class/accel/accelN` with its node; the major number is 261 (linux include/drm/drm_accel.h)."""
    tree.class_device('accel', f'accel{number}', folder, f'261:{number}', f'accel/accel{number}')
    return folder


def ivpu(tree, number):
    folder = tree.pci(address_of(number), 0x8086, 0x7d1d, driver='intel_vpu', speed='2.5', speed_max='2.5', width=1,
                      width_max=1)
    tree.files(folder, npu_busy_time_us=1000000, npu_memory_utilization=67108864, npu_current_frequency_mhz=1400,
               npu_max_frequency_mhz=1400, sched_mode='HW\n')
    return accel(tree, number, folder)


def xdna(tree, number):
    folder = tree.pci(address_of(number), 0x1022, 0x17f0, 0x118000, driver='amdxdna', speed='16.0', speed_max='16.0')
    tree.files(folder, vbnv='RyzenAI-npu4\n', device_type=0, fw_version='1.5.5.391\n')
    return accel(tree, number, folder)


def qaic(tree, number):
    folder = tree.pci(address_of(number), 0x17cb, 0xa100, driver='qaic', speed='16.0', speed_max='16.0', width=8,
                      width_max=8)
    tree.files(folder, ce_count=0, ue_count=0, ue_nonfatal_count=0)
    tree.write(f'{folder}/mhi{number}/serial_number', f'Serial Number: 42910{number:03d}\n')
    return accel(tree, number, folder)


def wormhole(tree, number):
    folder = tree.pci(address_of(number), 0x1e52, 0x401e, driver='tenstorrent', speed='16.0', speed_max='16.0')
    mine = tree.class_device('tenstorrent', f'tenstorrent!{number}', folder, f'240:{number}',
                             f'tenstorrent/{number}')
    tree.files(mine, tt_aiclk=1000, tt_axiclk=900, tt_arcclk=540, tt_serial=f'0100018611902{number:03x}\n',
               tt_card_type='n300\n', tt_asic_id='0x0\n', tt_fw_bundle_ver='19.4.2.0\n', tt_heartbeat=12345,
               tt_therm_trip_count=0)
    tree.hwmon(folder, 'wormhole', temp1=('asic1_temp', 45500), temp1_max=75000, in0=('vcore1', 880),
               curr1=('current1', 28000), power1=('power1', 24000000), power1_max=85000000)
    return folder


def generic(tree, number):
    """A card nobody knows, with a hwmon chip; named in the configuration by its ids."""
    folder = tree.pci(address_of(number), 0x1d0f, 0x7064, driver='neuron')
    tree.class_device('neuron_device', f'neuron{number}', folder, f'235:{number}', f'neuron{number}')
    tree.hwmon(folder, 'neuron', temp1=('chip', 51000), temp1_crit=95000, power1_average=61000000,
               energy1=('total', 123456789), in0=('vdd', 850), curr1=('vdd', 64000), fan1=('fan', 4200))
    return folder


DEVICES = {each.__name__: each for each in (ivpu, xdna, qaic, wormhole, generic)}


def hwmon_of(tree, folder):
    import os
    base = f'{folder}/hwmon'
    return f'{base}/{sorted(os.listdir(tree.path(base)))[0]}'


FAULTS = {
    'unbound': lambda tree, at: [tree.remove(f'{at}/{name}') for name in ('driver', 'accel', 'tenstorrent', 'neuron_device', 'hwmon')],
    'vanished': lambda tree, at: [tree.remove(at), tree.remove(f'sys/bus/pci/devices/{at.rsplit("/", 1)[1]}')],
    'hot': lambda tree, at: tree.write(f'{hwmon_of(tree, at)}/temp1_input', 99000),
    'celsius': lambda tree, at: tree.write(f'{hwmon_of(tree, at)}/temp1_input', 45),
    'garbage': lambda tree, at: tree.write(f'{hwmon_of(tree, at)}/temp1_input', '4x5\n'),
    'narrow': lambda tree, at: tree.write(f'{at}/current_link_width', 4),
    'slow': lambda tree, at: tree.write(f'{at}/current_link_speed', '8.0 GT/s PCIe\n'),
    'off_bus': lambda tree, at: [tree.write(f'{at}/current_link_width', 63),
                                 tree.write(f'{at}/current_link_speed', 'Unknown\n')],
    'corrected': lambda tree, at: tree.errors(at, correctable=7),
    'fatal': lambda tree, at: tree.errors(at, fatal=1),
    'upstream': lambda tree, at: tree.errors(at.rsplit('/', 1)[0], nonfatal=3),
    'aer_cut': lambda tree, at: tree.write(f'{at}/aer_dev_correctable', 'RxErr 3\nBadTL'),
    'virtual': lambda tree, at: tree.write(f'{at}/sriov_numvfs', 4),
}
