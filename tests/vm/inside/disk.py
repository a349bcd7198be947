# SPDX-License-Identifier: Apache-2.0
"""Real faults of the disk below the queue: device-mapper over a file system of its own, and a read-only one."""


from guest import ask, figure, main_pid, sh, wait

STATE = "/var/lib/farmhand"
SIZE_MIB = 96


def sectors():
    return SIZE_MIB * 2048


def table(kind):
    """A table of the whole device: `linear`, or one that fails everything that is written."""
    if kind == "linear":
        return f"0 {sectors()} linear /dev/loop7 0"
    return f"0 {sectors()} flakey /dev/loop7 0 0 3600 1 error_writes"


def switch(kind):
    # Without the flush a failing device would keep the suspension waiting for its own writes.
    sh(f"dmsetup suspend --noflush --nolockfs --noudevsync queue; "
       f"dmsetup load --noudevsync queue --table '{table(kind)}'; dmsetup resume --noudevsync queue")


def mount():
    """The state on a device of its own, so that only the queue suffers.

    Without a journal: ext4 gives up a journal that it could not write until it is mounted anew, and then it
    is the repair that would be tested.
    """
    sh("systemctl stop farmhandd")
    sh(f"truncate -s {SIZE_MIB}M /var/disk.img; losetup /dev/loop7 /var/disk.img; "
       f"dmsetup create --noudevsync queue --table '{table('linear')}'; dmsetup mknodes queue; "
       f"mke2fs -q -t ext4 -O ^has_journal /dev/mapper/queue; mount /dev/mapper/queue /mnt; cp -a {STATE}/. /mnt; "
       f"chown farmhand: /mnt; chmod 750 /mnt; umount /mnt; mount -o errors=continue /dev/mapper/queue {STATE}")
    sh("systemctl start farmhandd")
    wait("the agent answers", lambda: ask("status"))


def unmount():
    sh(f"systemctl stop farmhandd; umount {STATE}; dmsetup remove --noudevsync queue; losetup -d /dev/loop7; "
       "rm /var/disk.img; systemctl start farmhandd", check=False)
    wait("the agent answers", lambda: ask("status"))


def trouble():
    document = ask("status")
    return document and any(p["subject"] == "queue" for p in document["problems"])


def is_well():
    queue = ask("queue")
    return queue and queue["writable"] and not trouble()


def survives(what, begin, end):
    pid = main_pid()
    begin()
    noticed = wait("the agent tells of the trouble", trouble, 60)
    end()
    took = wait("the queue is written again", is_well, 60)
    assert main_pid() == pid, "the agent did not stay up"
    figure(f"{what}: told after {noticed:.1f} s, recovered {took:.1f} s after it was over")


def a_disk_that_fails_every_write_is_a_state():
    mount()
    survives("failing disk", lambda: switch("flakey"), lambda: switch("linear"))


def a_file_system_that_turns_read_only_is_a_state():
    try:
        survives("read-only file system", lambda: sh("echo u >/proc/sysrq-trigger"),
                 lambda: sh(f"mount -o remount,rw /; mount -o remount,rw {STATE}"))
    finally:
        unmount()


CHECKS = [a_disk_that_fails_every_write_is_a_state, a_file_system_that_turns_read_only_is_a_state]
