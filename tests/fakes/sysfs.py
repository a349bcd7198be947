# SPDX-License-Identifier: Apache-2.0
"""A machine's /sys, /proc and /dev as a folder of files, in the kernel's shape.

File names and formats: linux Documentation/ABI/testing/sysfs-bus-pci, …/sysfs-bus-pci-devices-aer_stats,
Documentation/hwmon/sysfs-interface.rst.
"""
import os
import shutil

AER = {'correctable': ('COR', ['RxErr', 'BadTLP', 'BadDLLP', 'Rollover', 'Timeout', 'NonFatalErr', 'CorrIntErr', 'HeaderOF']),
       'nonfatal': ('NONFATAL', ['Undefined', 'DLP', 'SDES', 'TLP', 'FCP', 'CmpltTO', 'CmpltAbrt', 'UnxCmplt']),
       'fatal': ('FATAL', ['Undefined', 'DLP', 'SDES', 'TLP', 'FCP', 'CmpltTO', 'CmpltAbrt', 'UnxCmplt'])}


class Tree:
    def __init__(self, root):
        self.root = root

    def path(self, path):
        return os.path.join(self.root, path)

    def write(self, path, text):
        full = self.path(path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, 'wb' if isinstance(text, bytes) else 'w') as file:
            file.write(text if isinstance(text, (str, bytes)) else f'{text}\n')

    def files(self, folder, **contents):
        for name, text in contents.items():
            self.write(f'{folder}/{name}', text)

    def link(self, path, target):
        """A relative link as the kernel makes them, which ends in the target's name even where it leads
        upwards (linux fs/kernfs/symlink.c); both are paths in the tree."""
        full = self.path(path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        if not os.path.islink(full):
            folder, name = os.path.split(self.path(target))
            os.symlink(os.path.join(os.path.relpath(folder, os.path.dirname(full)), name), full)

    def remove(self, path):
        full = self.path(path)
        if os.path.isdir(full) and not os.path.islink(full):
            shutil.rmtree(full)
        elif os.path.lexists(full):
            os.remove(full)

    def node(self, path):
        """A device node. An ordinary file stands for it: a real one needs root, and is for opening."""
        self.write(path, '')

    def errors(self, device, correctable=0, nonfatal=0, fatal=0):
        """A PCI device's AER counters."""
        for kind, count in (('correctable', correctable), ('nonfatal', nonfatal), ('fatal', fatal)):
            total, names = AER[kind]
            lines = [f'{name} {count if place == 0 else 0}' for place, name in enumerate(names)]
            self.write(f'{device}/aer_dev_{kind}', '\n'.join(lines + [f'TOTAL_ERR_{total} {count}', '']))

    def pci(self, address, vendor, device, pci_class=0x120000, driver=None, numa=0, speed='32.0',
            speed_max='32.0', width=16, width_max=16):
        """A PCI device below a root port of its own. Gives its folder, to which more can be added."""
        bus = int(address.split(':')[1], 16)
        port = f'sys/devices/pci0000:00/0000:00:{bus % 32:02x}.{bus // 32}'
        folder = f'{port}/{address}'
        for each, ids in ((port, (0x8086, 0x352a, 0x060400)), (folder, (vendor, device, pci_class))):
            self.files(each, vendor=f'0x{ids[0]:04x}\n', device=f'0x{ids[1]:04x}\n', **{'class': f'0x{ids[2]:06x}\n'},
                       revision='0x01\n', numa_node=numa, current_link_speed=f'{speed} GT/s PCIe\n',
                       max_link_speed=f'{speed_max} GT/s PCIe\n', current_link_width=width, max_link_width=width_max)
            self.errors(each)
            self.link(f'sys/bus/pci/devices/{os.path.basename(each)}', each)
        if driver:
            os.makedirs(self.path(f'sys/bus/pci/drivers/{driver}'), exist_ok=True)
            self.link(f'{folder}/driver', f'sys/bus/pci/drivers/{driver}')
        return folder

    def hwmon(self, device, name, **files):
        """A hwmon chip of a device; its number is the next free one. `temp1=('PEAK', 41500)` writes
        label and input, `power1_average=39000000` one file."""
        number = len(os.listdir(self.path('sys/class/hwmon'))) if os.path.isdir(self.path('sys/class/hwmon')) else 0
        # A device that is built again keeps its chip.
        mine = os.listdir(self.path(f'{device}/hwmon')) if os.path.isdir(self.path(f'{device}/hwmon')) else []
        number = int(mine[0][5:]) if mine else number
        folder = f'{device}/hwmon/hwmon{number}'
        self.write(f'{folder}/name', f'{name}\n')
        for file, value in files.items():
            if isinstance(value, tuple):
                self.write(f'{folder}/{file}_label', f'{value[0]}\n')
                self.write(f'{folder}/{file}_input', value[1])
            else:
                self.write(f'{folder}/{file}', value)
        self.link(f'{folder}/device', device)
        self.link(f'sys/class/hwmon/hwmon{number}', folder)
        return folder

    def class_device(self, class_name, name, parent=None, dev=None, node=None):
        """`/sys/class/accel/accel0`, a child of `parent` or virtual; `node` is its node below /dev."""
        folder = f'{parent}/{class_name}/{name}' if parent else f'sys/devices/virtual/{class_name}/{name}'
        os.makedirs(self.path(folder), exist_ok=True)
        if parent:
            self.link(f'{folder}/device', parent)
        if dev:
            self.write(f'{folder}/dev', f'{dev}\n')
        if node:
            self.write(f'{folder}/uevent', f'MAJOR={dev.split(":")[0]}\nMINOR={dev.split(":")[1]}\nDEVNAME={node}\n')
            self.node(f'dev/{node}')
        self.link(f'sys/class/{class_name}/{name}', folder)
        return folder
