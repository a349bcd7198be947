# SPDX-License-Identifier: Apache-2.0
"""A server for plugins/host: what its checks and events look at, all well, and what can be wrong with it.

The plugin takes the tree with `root`, and `clock_file` = <tree>/clock. Sources of file names and formats stand in
plugins/host/health and plugins/host/log; lines of the kernel's log in tests/unit/plugins_host_log_test.cc.
"""
import os

EDAC = 'sys/devices/system/edac/mc/mc0'
MOUNTS = ('27 1 8:2 / / rw,relatime - ext4 /dev/sda2 rw,errors=remount-ro',
          '40 27 7:1 / /snap/core/1 ro,nodev - squashfs /dev/loop1 ro',
          '41 27 11:0 / /media/cdrom ro - iso9660 /dev/sr0 ro',
          '42 27 0:50 / /run rw,nosuid - tmpfs tmpfs rw,size=1k')


def pressure(full):
    return f'some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 avg60={full:.2f} avg300=0.00 total=0\n'


def server(tree, number):
    port = f'sys/devices/pci0000:00/0000:00:1f.{number}'
    tree.write('proc/self/mountinfo', '\n'.join(MOUNTS))
    tree.write('etc/fstab', '/dev/sda2 / ext4 errors=remount-ro 0 1')
    tree.write('proc/meminfo', 'MemTotal: 263000000 kB\nMemAvailable: 200000000 kB')
    tree.write('proc/pressure/memory', pressure(0))
    tree.write('proc/pressure/io', pressure(0))
    tree.write('proc/vmstat', 'oom_kill 0')
    tree.write('proc/loadavg', '12.0 11.0 10.0 3/900 12345')
    tree.write('proc/uptime', '864000.00 100.00')
    tree.write('proc/sys/kernel/tainted', '4609')
    tree.write('proc/sys/kernel/osrelease', '6.1.0-28-amd64')
    tree.write('sys/devices/system/cpu/online', '0-31')
    tree.write('clock', '1 0.012 5.5')
    tree.write('sys/block/sda/device/state', 'running')
    tree.write('sys/block/md0/md/degraded', 0)
    tree.write('sys/class/nvme/nvme0/state', 'live')
    tree.write('sys/fs/ext4/sda2/errors_count', 0)
    link(tree, carrier=1)
    tree.files(EDAC, ue_count=0, ce_count=4)
    if not os.path.exists(tree.path('dev/kmsg')):  # whoever reads it keeps its place
        tree.write('dev/kmsg', '')
    tree.files(port, vendor='0x8086\n', device='0x352a\n', **{'class': '0x060400\n'})
    tree.errors(port)
    tree.link(f'sys/bus/pci/devices/{os.path.basename(port)}', port)
    tree.hwmon('sys/devices/platform/coretemp.0', 'coretemp', temp1=('Package id 0', 58000), temp1_max=82000,
               temp1_crit=92000)
    return port


def link(tree, carrier, speed=25000):
    tree.files('sys/class/net/eth0', flags='0x1003\n', carrier=carrier, carrier_changes=2, carrier_up_count=1,
               speed=speed)
    tree.write('sys/class/net/eth0/device/vendor', '0x15b3')


def says(text, level=3):
    """The kernel says a line; each has a number, by which a reader knows what it missed."""
    def apply(tree, _):
        path = tree.path('dev/kmsg')
        sequence = sum(1 for line in open(path, encoding='utf-8') if not line.startswith(' '))
        with open(path, 'a', encoding='utf-8') as log:
            log.write(f'{level},{sequence + 1},1000,-;{text}\n')
    return apply


def writes(path, text):
    return lambda tree, _: tree.write(path, text)


def heat(tree, _):
    for chip in os.listdir(tree.path('sys/class/hwmon')):
        tree.write(f'sys/class/hwmon/{chip}/temp1_input', 95000)


FAULTS = {
    'read_only': writes('proc/self/mountinfo', '\n'.join((MOUNTS[0].replace(' rw,errors', ' ro,errors'), *MOUNTS[1:]))),
    'disk_offline': writes('sys/block/sda/device/state', 'offline'),
    'disk_dead': writes('sys/class/nvme/nvme0/state', 'dead'),
    'array_degraded': writes('sys/block/md0/md/degraded', 1),
    'file_system_errors': writes('sys/fs/ext4/sda2/errors_count', 3),
    'memory_low': writes('proc/meminfo', 'MemTotal: 263000000 kB\nMemAvailable: 500000 kB'),
    'memory_pressure': writes('proc/pressure/memory', pressure(75)),
    'oom': writes('proc/vmstat', 'oom_kill 2'),
    'load': writes('proc/loadavg', '900.0 900.0 900.0 3/900 12345'),
    'clock_off': writes('clock', '1 4000 5.5'),
    'clock_not_kept': writes('clock', '0 0 16000'),
    'clock_young': writes('proc/uptime', '100.00 100.00'),
    'reboot': writes('run/reboot-required', ''),
    'oops': writes('proc/sys/kernel/tainted', 4609 + 128),
    'link_lost': lambda tree, _: link(tree, carrier=0, speed=-1),
    'link_slow': lambda tree, _: link(tree, carrier=1, speed=1000),
    'hot': heat,
    'memory_uncorrected': writes(f'{EDAC}/ue_count', 1),
    'memory_corrected': writes(f'{EDAC}/ce_count', 500),
    'bus_fatal': lambda tree, port: tree.errors(port, fatal=1),
    'bus_corrected': lambda tree, port: tree.errors(port, correctable=5000),
    'log_aer': says('pcieport 0000:00:1f.0: PCIe Bus Error: severity=Uncorrected (Fatal), type=Transaction Layer, '
                    '(Requester ID)'),
    'log_disk': says('I/O error, dev sda, sector 76492800 op 0x0:(READ) flags 0x84700 phys_seg 64 prio class 2'),
    'log_hung_task': says('INFO: task python3:8123 blocked for more than 120 seconds.'),
    'log_oom': says('Out of memory: Killed process 1234 (python3) total-vm:16420540kB, anon-rss:13951040kB'),
    'log_harmless': says('usb 1-1: new high-speed USB device number 2 using xhci_hcd', level=6),
}
DEVICES = {'server': server}
