#!/usr/bin/env python3
"""Bad options and bad files: each must end in exit status 2 and exactly one line on stderr, in any build.

    hostile.py RVSIM

Files are made here, from one small well-formed program that powers the machine off: each case spoils one thing in it. The
program itself must run, so that a refusal is for the thing that was spoiled.
"""
import gzip
import os
import random
import struct
import subprocess
import sys
import tempfile
import zlib

BASE = 0x80000000
TIMEOUT = 60
# lui t0, 0x100; lui t1, 0x5; addi t1, t1, 0x555; sw t1, 0(t0); j .
POWER_OFF = struct.pack("<5I", 0x001002B7, 0x00005337, 0x55530313, 0x0062A023, 0x0000006F)
# lui t0, 0x10000; li t1, 'x'; sb t1, 0(t0)
PRINT = struct.pack("<3I", 0x100002B7, 0x07800313, 0x00628023)

EHDR = ["ident", "type", "machine", "version", "entry", "phoff", "shoff", "flags", "ehsize", "phentsize", "phnum",
        "shentsize", "shnum", "shstrndx"]
PHDR = ["type", "flags", "offset", "vaddr", "paddr", "filesz", "memsz", "align"]
SHDR = ["name", "type", "flags", "addr", "offset", "size", "link", "info", "addralign", "entsize"]


class Program:
    """The well-formed program: an ELF header, two segments, a symbol table. Change fields, then bytes()."""

    def __init__(self, text=POWER_OFF):
        self.text = text
        code, data = 0x200, 0x240
        symbols, strings, sections = 0x280, 0x300, 0x340
        self.header = dict(ident=b"\x7fELF\x02\x01\x01" + bytes(9), type=2, machine=243, version=1, entry=BASE, phoff=64,
                           shoff=sections, flags=0, ehsize=64, phentsize=56, phnum=2, shentsize=64, shnum=3, shstrndx=2)
        self.segments = [
            dict(type=1, flags=5, offset=code, vaddr=BASE, paddr=BASE, filesz=len(text), memsz=len(text), align=8),
            dict(type=1, flags=6, offset=data, vaddr=BASE + 0x1000, paddr=BASE + 0x1000, filesz=8, memsz=64, align=8)]
        self.sections = [
            dict.fromkeys(SHDR, 0),
            dict(dict.fromkeys(SHDR, 0), type=2, offset=symbols, size=48, link=2, entsize=24),
            dict(dict.fromkeys(SHDR, 0), type=3, offset=strings, size=16)]
        self.symbols = [dict(name=0, info=0, shndx=0, value=0), dict(name=1, info=0x12, shndx=1, value=BASE)]
        self.size = None

    def bytes(self):
        image = bytearray(0x400)
        image[0:64] = struct.pack("<16sHHIQQQIHHHHHH", *[self.header[key] for key in EHDR])
        for i, segment in enumerate(self.segments):
            struct.pack_into("<IIQQQQQQ", image, 64 + 56 * i, *[segment[key] for key in PHDR])
        image[0x200:0x200 + len(self.text)] = self.text
        for i, symbol in enumerate(self.symbols):
            struct.pack_into("<IBBHQQ", image, 0x280 + 24 * i, symbol["name"], symbol["info"], 0, symbol["shndx"],
                             symbol["value"], 0)
        image[0x301:0x306] = b"start"
        for i, section in enumerate(self.sections):
            struct.pack_into("<IIQQQQIIQQ", image, 0x340 + 64 * i, *[section[key] for key in SHDR])
        return bytes(image[:self.size])


def spoiled():
    """(name, bytes) of ELF files that must be refused."""
    def case(name, change):
        program = Program()
        change(program)
        return name, program.bytes()

    def header(name, **fields):
        return case(name, lambda program: program.header.update(fields))

    def segment(name, index=1, **fields):
        return case(name, lambda program: program.segments[index].update(fields))

    def section(name, index, **fields):
        return case(name, lambda program: program.sections[index].update(fields))

    def size(name, value):
        return case(name, lambda program: setattr(program, "size", value))

    ident = Program().header["ident"]
    yield header("32-bit", ident=ident[:4] + b"\x01" + ident[5:])
    yield header("no class", ident=ident[:4] + b"\x00" + ident[5:])
    yield header("big-endian", ident=ident[:5] + b"\x02" + ident[6:])
    yield header("ident version", ident=ident[:6] + b"\x09" + ident[7:])
    yield header("not ELF", ident=b"\x7fELG" + ident[4:])
    yield header("x86-64", machine=62)
    yield header("RISC-V object", type=1)
    yield header("core dump", type=4)
    yield header("version", version=0)
    yield header("no segments", phnum=0)
    yield header("65535 segments", phnum=0xFFFF)
    yield header("more segments than file", phnum=40)
    yield header("segment table beyond the end", phoff=0x3F0)
    yield header("segment table at the end of time", phoff=2**64 - 16)
    yield header("segment entries of 1 byte", phentsize=1)
    yield header("section table beyond the end", shoff=0x10000)
    yield header("section table wraps", shoff=2**64 - 8)
    yield header("more sections than file", shnum=200)
    yield header("section entries of 3 bytes", shentsize=3)
    yield header("entry outside", entry=BASE + 0x100000)
    yield header("entry 0", entry=0)
    yield header("entry odd", entry=BASE + 1)
    yield header("entry at the end of time", entry=2**64 - 2)
    yield segment("segment beyond the file", offset=0x3FC)
    yield segment("segment offset huge", offset=2**63)
    yield segment("segment offset wraps", offset=2**64 - 4)
    yield segment("file size over memory size", filesz=64, memsz=8)
    yield segment("file size huge", filesz=2**62, memsz=2**62)
    yield segment("memory size huge", memsz=2**40)
    yield segment("memory size wraps", memsz=2**64 - 1)
    yield segment("segment in the ROM", paddr=0x1000)
    yield segment("segment at 0", paddr=0)
    yield segment("segment behind DRAM", paddr=BASE + (512 << 20))
    yield segment("segment across DRAM's end", paddr=BASE + (512 << 20) - 8)
    yield segment("segment at the end of time", paddr=2**64 - 32)
    yield segment("segments overlap", paddr=BASE + 8)
    yield segment("segments are the same", paddr=BASE)
    yield segment("segment over the device tree's ceiling and DRAM", paddr=0xC0000000, memsz=2**33)
    yield case("nothing to load", lambda program: [s.update(type=4) for s in program.segments])
    yield case("only empty segments", lambda program: [s.update(filesz=0, memsz=0) for s in program.segments])
    yield section("symbols beyond the file", 1, offset=0x3F8)
    yield section("symbols huge", 1, size=2**60)
    yield section("symbols offset wraps", 1, offset=2**64 - 24)
    yield section("symbol names in no table", 1, link=9)
    yield section("symbol names in themselves", 1, link=1)
    yield section("string table beyond the file", 2, offset=0x10000)
    yield section("string table of no size", 2, size=0)
    yield case("symbol name outside", lambda program: program.symbols[1].update(name=0x7FFFFFFF))
    for value in [1, 3, 4, 5, 7, 16, 40, 63, 64, 100, 175, 0x210, 0x245, 0x341, 0x3FF]:
        yield size(f"cut to {value} bytes", value)
    yield "text", b"hello, I am no program\n" * 10
    yield "zeros", bytes(4096)


def image_header(size=4096):
    """A flat image with Linux's header, which is no ELF."""
    return bytes(56) + b"RSC\x05" + bytes(size - 60)


def hex_record(address, kind, data=b""):
    body = struct.pack(">BHB", len(data), address, kind) + data
    return ":" + (body + bytes([-sum(body) & 255])).hex() + "\n"


def hex_files():
    """(name, text) of Intel HEX files that must be refused."""
    upper, byte, end = hex_record(0, 4, b"\x81\x00"), hex_record(0x10, 0, b"x"), hex_record(0, 1)
    for name, text in [("no end", upper + byte), ("a checksum", upper + byte[:-3] + "00\n" + end), ("no colon", upper + byte[1:] + end),
                       ("a digit too few", upper + byte[:-2] + "\n" + end), ("a digit that is none", upper + byte[:-3] + "g0\n" + end),
                       ("a type", upper + hex_record(0, 6) + end), ("an upper half of one byte", hex_record(0, 4, b"\x81") + byte + end),
                       ("an end with data", upper + byte + hex_record(0, 1, b"x")), ("a byte twice", upper + byte + byte + end),
                       ("below DRAM", byte + end), ("a byte over DRAM's end", hex_record(0, 4, b"\x9f\xff") + hex_record(0xFFFF, 0, b"xy") + end),
                       ("zeros", upper + "\0" * 40), ("2000 pieces", upper + "".join(hex_record(2 * i, 0, b"x") for i in range(2000)) + end),
                       ("over the firmware", hex_record(0, 4, b"\x80\x00") + hex_record(0, 0, b"x") + end)]:
        yield name, text.encode()


# Words that must be refused whatever the files are. GOOD is the well-formed program, IMAGE a flat image.
OPTIONS = """
| --no-such-option GOOD | -x GOOD | --max-cycles | GOOD --max-cycles | --max-cycles=ten GOOD | --max-cycles -5 GOOD
| --max-insns 0x GOOD | --max-insns 18446744073709551616 GOOD | --quantum 0 GOOD | --timeout never GOOD | --timeout 0 GOOD
| --seed -1 GOOD | --seed q GOOD | -smp 0 GOOD | -smp 65 GOOD | -smp 1.5 GOOD | -smp -1 GOOD | -m 0 GOOD | -m 1X GOOD
| -m 513B GOOD | -m 1.5 GOOD | -m .5G GOOD | -m 1.5.5G GOOD | -m 256,maxmem=1M GOOD | -smp 3,cores=2 GOOD | -smp 2,dies=2 GOOD
| -smp cores=99999999999,threads=99999999999 GOOD | -m 16777216T GOOD | -M q35 GOOD | -M virt,aia=aplic GOOD | -M virt,aia=aplic-imsic GOOD | -M virt,x=1 GOOD
| --cpu 486 GOOD | --cpu ./nonexistent.cpu GOOD | --isa rv32imac GOOD | --isa rv64z GOOD
| --isa rv64gc_smaia_ssaia GOOD | --isa rv64i2p1_v1p0 GOOD | --isa rva23s64 GOOD | --isa rva22s64_ GOOD | --isa rv64i9p9 GOOD
| -cpu rva23u64 GOOD | -cpu rv64,v=true GOOD | -cpu rv64, GOOD | -k en-us | -net tap GOOD | -trace GOOD | --tim 3 GOOD | -M virt,acpi=on GOOD
| -semihosting-config GOOD | -semihosting-config on GOOD | -semihosting-config enable=perhaps GOOD | -semihosting-config target=gdb GOOD
| -semihosting-config userspace= GOOD | -semihosting-config colour=red GOOD | -semihosting-config arg GOOD | --semihosting-files DIRECTORY GOOD
| -semihosting --semihosting-files GOOD GOOD | -semihosting --semihosting-files /nonexistent GOOD | -semihosting --semihosting-files
| -M virt,usb=on GOOD | -d colour GOOD | -d help GOOD | -rtc base=x GOOD | -rtc base=2006-99-99 GOOD
| -rtc base= GOOD | -icount 99 GOOD | -icount rr=record GOOD | -action x=y GOOD | -action = GOOD | -numa x GOOD | -numa node,cpus=9-1 GOOD | -numa node,= GOOD
| -chardev GOOD GOOD | -chardev file,id=a,path= GOOD | -chardev stdio,id=a,id GOOD | -chardev socket,id=a,path=x GOOD | -serial chardev:none-such GOOD
| -serial mon:file: GOOD | -chardev file,id=a,path=/nonexistent/f -serial chardev:a GOOD | -chardev file,id=a,path=GOOD -serial chardev:a GOOD | -mon x GOOD | -mon , GOOD
| -serial stdio -serial stdio GOOD | -monitor stdio GOOD | -monitor tcp::1 GOOD | -cpu sifive-u54 GOOD | -cpu rv64,mimpid=1 GOOD | --isa x GOOD | -cpu rv64,h=perhaps GOOD | --timing maybe GOOD | --timing from= GOOD | --timing from=hint GOOD | --cpu cva6 --timing from=1x GOOD
| --cpu cva6 --timing from=no_such_symbol GOOD | --set GOOD | --set a.b=1 GOOD | --set geilen=64 GOOD
| --set tinst=2 GOOD | --set pmp.entries=17 GOOD | --set asid.bits= GOOD | --check nothing-known GOOD
| --trace /nonexistent/trace GOOD | --trace t,events=warp GOOD | --profile /nonexistent/p GOOD | -gdb tcp:1234 GOOD | -gdb tcp::99999 GOOD | -gdb tcp:192.0.2.1:1234 GOOD | -gdb unix:/nonexistent/s GOOD | -gdb unix:DIRECTORY GOOD | -gdb unix:GOOD GOOD
| -gdb stdio GOOD | -gdb tcp::1,wait=on GOOD | -s --debug GOOD
| -S GOOD | -display sdl GOOD | -serial telnet::1 GOOD | -serial file:/nonexistent/f GOOD
| -netdev user GOOD | -netdev tap,id=n GOOD | -netdev user,id=n,colour=red GOOD | -netdev user,id=n -netdev user,id=n GOOD | -device floppy GOOD
| -netdev user,id=n,hostfwd=tcp::80 GOOD | -netdev user,id=n,hostfwd=tcp::99999-:80 GOOD | -netdev user,id=n,hostfwd=tcp:: GOOD
| -netdev user,id=n,hostfwd=tcp:300.1.1.1:80-:80 GOOD | -netdev user,id=n,hostfwd=tcp:192.0.2.1:8080-:80 -device virtio-net-device,netdev=n GOOD
| -netdev user,id=n,net=10.0.2 GOOD | -netdev user,id=n,net=10.0.2.0/99 GOOD | -netdev user,id=n,dns=10.0.2.2 GOOD | -netdev user,id=n,host=1.2.3.4 GOOD
| -netdev user,id=n,tftp=IMAGE GOOD | -netdev user,id=n,restrict=2 GOOD | -netdev user,id=n,guestfwd=tcp:10.0.2.9:80-cmd:cat GOOD
| -netdev dgram,id=n GOOD | -netdev dgram,id=n,local.type=unix,local.path=/nonexistent/s,remote.type=unix,remote.path=t -device virtio-net-device,netdev=n GOOD
| -netdev dgram,id=n,local.type=unix,local.path=DIRECTORY,remote.type=unix,remote.path=t -device virtio-net-device,netdev=n GOOD
| -netdev dgram,id=n,local.type=inet,local.host=192.0.2.1,local.port=9,remote.type=inet,remote.host=127.0.0.1,remote.port=9 -device virtio-net-device,netdev=n GOOD
| -netdev socket,id=n,listen=:80 GOOD | -netdev socket,id=n,udp=1,localaddr=2 GOOD | -nic tap GOOD | -nic user,colour=red GOOD
| -device virtio-net-device,netdev=n GOOD | -device virtio-net-device,mac=1 GOOD | -device virtio-net-device,mq=on GOOD | -device virtio-net-device,netdev= GOOD
| -drive if=none,file=/nonexistent,id=d -device virtio-blk-device,drive=d GOOD | -drive file=DIRECTORY,if=none,id=d -device virtio-blk-device,drive=d GOOD
| -drive if=none,id=d GOOD | -drive file=IMAGE GOOD | -drive file=IMAGE,if=virtio GOOD | -drive file=IMAGE,if=floppy GOOD | -drive file=IMAGE,id=d,format=qcow2 GOOD
| -drive file=QCOW,if=none,id=d -device virtio-blk-device,drive=d GOOD | -drive file=IMAGE,id=d,colour=red GOOD | -drive file=IMAGE,id=d,snapshot=maybe GOOD
| -drive file=IMAGE,id=d -drive file=TEXT,id=d GOOD | -drive file=IMAGE,id=d -device virtio-blk-device,drive=d -device virtio-blk-device,drive=d GOOD
| -drive file=IMAGE,id=d -drive file=IMAGE,id=e -device virtio-blk-device,drive=d -device virtio-blk-device,drive=e GOOD
| -device virtio-blk-device GOOD | -device virtio-blk-device,drive=x GOOD | -device virtio-blk-device,drive= GOOD | -device virtio-blk-pci,drive=x GOOD
| -device virtio-rng-device,bus=virtio-mmio-bus.8 GOOD | -device virtio-rng-device,bus=pcie.0 GOOD | -device virtio-rng-device,packed=on GOOD
| -device virtio-rng-device,bus=virtio-mmio-bus.3 -device virtio-rng-device,bus=virtio-mmio-bus.3 GOOD | -device virtio-rng-device,event_idx=2 GOOD
| -fsdev local,path=DIRECTORY,security_model=none GOOD | -fsdev local,id=f,path=/nonexistent,security_model=none GOOD | -fsdev local,id=f,path=TEXT,security_model=none GOOD
| -fsdev local,id=f,path=DIRECTORY GOOD | -fsdev local,id=f,security_model=none GOOD | -fsdev local,id=f,path=DIRECTORY,security_model=some GOOD | -fsdev GOOD
| -fsdev proxy,id=f,socket=s GOOD | -fsdev local,id=f,path=DIRECTORY,security_model=none,colour=red GOOD | -fsdev local,id=f,path=DIRECTORY,security_model=mapped,fmode=888 GOOD
| -fsdev local,id=f,path=DIRECTORY,security_model=none,multidevs=some GOOD | -fsdev local,id=f,path=DIRECTORY,security_model=none,readonly=maybe GOOD
| -fsdev local,id=f,path=DIRECTORY,security_model=none -fsdev local,id=f,path=DIRECTORY,security_model=none GOOD | -device virtio-9p-device GOOD
| -device virtio-9p-device,fsdev=f,mount_tag=t GOOD | -fsdev local,id=f,path=DIRECTORY,security_model=none -device virtio-9p-device,fsdev=f GOOD
| -fsdev local,id=f,path=DIRECTORY,security_model=none -device virtio-9p-device,fsdev=f,mount_tag=012345678901234567890123456789012 GOOD
| -virtfs local,path=DIRECTORY,security_model=none GOOD | -virtfs local,path=DIRECTORY,mount_tag=t GOOD | -virtfs synth,mount_tag=t GOOD | -device virtio-9p-pci,fsdev=f,mount_tag=t GOOD
| -device virtconsole GOOD | -chardev null,id=c -device virtconsole,chardev=c GOOD | -device virtio-serial-device,max_ports=32 GOOD | -device virtio-serial-device,max_ports=0 GOOD
| -device virtio-serial-device -device virtconsole,chardev=c GOOD | -device virtio-serial-device -device virtserialport,nr=0 GOOD | -device virtio-serial-device -device virtserialport,nr=31 GOOD
| -device virtio-serial-device,max_ports=1 -device virtserialport GOOD | -device virtio-serial-device -device virtserialport,nr=2 -device virtserialport,nr=2 GOOD
| -device virtio-serial-device -device virtserialport,name=n -device virtserialport,name=n GOOD | -device virtio-serial-device -device virtconsole,colour=red GOOD
| -device virtio-serial-device -device virtconsole,bus=none.0 GOOD | -chardev stdio,id=c -nographic -device virtio-serial-device -device virtconsole,chardev=c GOOD
| -chardev stdio,id=c -serial stdio -device virtio-serial-device -device virtconsole,chardev=c GOOD | -chardev file,id=c,path=/nonexistent/x -device virtio-serial-device -device virtconsole,chardev=c GOOD
| -chardev null,id=c -device virtio-serial-device -device virtconsole,chardev=c -device virtserialport,chardev=c GOOD
| -device virtio-rng-device,colour=red GOOD | -device virtio-warp-device GOOD | -global virtio-mmio.force-legacy=maybe GOOD | -global x.y=z GOOD
| -object memory-backend-ram,id=m,size=1M GOOD | -hda IMAGE GOOD | -cdrom IMAGE GOOD | -blockdev driver=file,filename=IMAGE GOOD
| -blockdev driver=qcow2,file=f,node-name=n GOOD | -blockdev driver=raw,file=f,node-name=n GOOD | -blockdev {"driver":"file"} GOOD
| -blockdev driver=file,filename=IMAGE,node-name=n -blockdev driver=raw,file=n,node-name=n GOOD | -pflash /nonexistent GOOD
| -pflash IMAGE | -pflash IMAGE GOOD | -pflash DIRECTORY GOOD | -pflash EMPTY GOOD | -pflash /dev/zero GOOD | -pflash BANK -pflash BANK
| -drive if=pflash,unit=1,format=raw,file=BANK -drive if=pflash,unit=1,format=raw,file=BANK GOOD | -pflash BANK -pflash IMAGE -pflash BIG
| -drive if=pflash,file=BANK,readonly=on -drive if=pflash,file=BANK | -M virt,pflash0=n | -M virt,pflash0= GOOD
| -M virt,pflash2=n GOOD | -M virt,pflash0=n,pflash1=n -blockdev driver=file,filename=BANK,node-name=n GOOD
| -M virt,pflash0=n -blockdev driver=file,filename=BANK,node-name=n -drive if=pflash,unit=0,file=IMAGE GOOD
| -drive if=pflash,file=BANK,id=d -device virtio-blk-device,drive=d GOOD | -pflash BANK --trace BANK GOOD | -pflash BANK -kernel /nonexistent GOOD
| -pflash BANK -initrd IMAGE | -drive if=pflash,unit=1,file=BANK -kernel /nonexistent GOOD | -drive if=pflash,unit=1,file=BANK -kernel EMPTY GOOD
| -drive if=pflash,unit=1,file=BANK -kernel IMAGE -initrd DIRECTORY GOOD | -drive if=pflash,unit=1,file=BANK -kernel HALF GOOD
| -fw_cfg opt/x GOOD | -fw_cfg GOOD | -fw_cfg name=,string=x GOOD | -fw_cfg string=x GOOD | -fw_cfg file=IMAGE GOOD | -fw_cfg opt/x,string= GOOD
| -fw_cfg opt/x,file=IMAGE,string=x GOOD | -fw_cfg opt/x,gen_id=x GOOD | -fw_cfg opt/x,file=/nonexistent GOOD | -fw_cfg opt/x,file=DIRECTORY GOOD
| -fw_cfg opt/x,file=/dev/zero GOOD | -fw_cfg opt/x,string=a -fw_cfg name=opt/x,string=b GOOD | -fw_cfg bootorder,string=x GOOD
| -fw_cfg opt/56789012345678901234567890123456789012345678901234567890,string=x GOOD | MANY GOOD | -fw_cfg opt/x,file=IMAGE --stats IMAGE GOOD
| -boot menu=perhaps GOOD | -boot splash-time=65536 GOOD | -boot reboot-timeout=-2 GOOD | -boot splash=IMAGE GOOD | -boot order=c,x=1 GOOD
| -uuid 1 GOOD | -uuid 12345678-1234-5678-9abc-def01234567x GOOD | -uuid 123456781234-5678-9abc-def0123456789 GOOD
| -drive if=pflash,unit=2,file=IMAGE GOOD | -drive if=pflash,unit=0,file=IMAGE -drive if=pflash,unit=0,file=TEXT GOOD | --set disk.bytes=0 GOOD
| -device guest-loader GOOD | -device guest-loader,addr=0x84000000 GOOD | -device guest-loader,kernel=IMAGE GOOD
| -device guest-loader,addr=zero,kernel=IMAGE GOOD | -device guest-loader,addr=0x84000000,kernel=/nonexistent GOOD
| -device guest-loader,addr=0x80000000,kernel=IMAGE GOOD | -device guest-loader,addr=0x1000,kernel=IMAGE GOOD
| -device guest-loader,addr=0xffffffffffffffff,kernel=IMAGE GOOD | -device guest-loader,addr=0x9ffff800,kernel=IMAGE GOOD
| -device guest-loader,addr=0x84000000,kernel=IMAGE -device guest-loader,addr=0x84000800,kernel=IMAGE GOOD
| --expect ( GOOD | --expect [ GOOD | --fail-on *( GOOD | /nonexistent | DIRECTORY | EMPTY | /dev/null | /dev/zero
| UNREADABLE | GOOD /nonexistent | GOOD DIRECTORY | GOOD EMPTY | GOOD TEXT | GOOD GOOD,vcpus=0 | GOOD GOOD,vcpus=x
| GOOD GOOD,vcpus | GOOD GOOD,= | GOOD GOOD, | GOOD GOOD,memory=lots | GOOD GOOD,memory=1T | GOOD GOOD,cpus=7
| GOOD GOOD,cpus=0-0-0 | GOOD GOOD,initrd=/nonexistent | GOOD GOOD,initrd=EMPTY | GOOD GOOD,initrd=DIRECTORY
| GOOD GOOD,colour=red | IMAGE | TEXT | -bios GOOD GOOD | -bios /nonexistent | -bios GOOD -kernel /nonexistent | -bios GOOD -kernel EMPTY
| -bios GOOD -kernel GOOD | -bios GOOD -initrd IMAGE | -bios GOOD -kernel IMAGE -initrd /nonexistent | -bios none
| -dtb /nonexistent GOOD | -dtb EMPTY GOOD | -dtb GOOD GOOD | -dtb IMAGE GOOD | -dump-dtb /nonexistent/x
| -m 4K GOOD | -m 8K GOOD | -m 4K -dump-dtb DIRECTORY | -m 8K -smp 64 GOOD | -m 32K -smp 64 GOOD | -m 1M GOOD BIG
| -device loader,file=/nonexistent GOOD | -device loader,file=DIRECTORY GOOD | -device loader,file=EMPTY GOOD | -device loader,file=TEXT GOOD
| -device loader,file=TEXT,addr=0x1000 GOOD | -device loader,file=TEXT,addr=0xffffffffffffffff GOOD | -device loader,file=TEXT,addr=0x80000000 GOOD
| -device loader,file=TEXT,addr=0x9fffffff GOOD | -device loader,file=GOOD GOOD | -device loader,addr=0x80000000,data=1,data-len=4 GOOD
| -device loader,addr=0x9ffffffd,data=1,data-len=4 GOOD | -device loader,addr=0xfffffffffffffffd,data=1,data-len=8 GOOD
| -device loader,addr=0x81000000,data=1,data-len=4 -device loader,addr=0x81000003,data=1,data-len=1 GOOD | -device loader GOOD
| -bios none -device loader,file=TEXT,addr=0x90000000 | -bios IMAGE-S | -bios none -kernel IMAGE-S | -bios nonexistent.bin | -L DIRECTORY -bios x | -L
| -m 4M GOOD BIG | -m 16M GOOD BIG BIG BIG BIG | -m 8M -kernel BIG -bios GOOD -initrd BIG | --signature s IMAGE,x=1
| --debug-cmd | --debug-cmd /dev/zero GOOD | --debug-cmd DIRECTORY GOOD | --cpu /dev/zero GOOD | --cpu ./IMAGE GOOD
| --cpu ./TEXT GOOD | --stats /dev/full GOOD | --trace /dev/full GOOD | -serial file:/dev/full PRINTS"""

# One more item of fw_cfg than there is room for, with the machine's own three.
MANY = " ".join(f"-fw_cfg opt/{i},string=x" for i in range(30))

# What a terminal, or a reader of lines, would stumble over; wherever the message quotes it.
HARMFUL = ["a\nb", "\x1b[31m", "\r", "\t\x7f"]
HARMFUL_OPTIONS = ["-no-such", "smp", "m", "M", "-isa", "-cpu", "-set", "-trace", "-check", "-timeout", "-expect", "-dtb", "-kernel",
                   "-display", "-serial", "-device", "-quantum", "-rtc", "-icount", "-d", "-action", "-numa", "-chardev", "-mon", "-semihosting-config",
                   "fw_cfg", "uuid"]


class Runner:
    def __init__(self, rvsim, folder):
        self.rvsim, self.folder = rvsim, folder
        self.passed, self.failed = 0, []

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def run(self, words):
        return subprocess.run([self.rvsim] + words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=TIMEOUT, cwd=self.folder)

    def judge(self, name, good, detail):
        if good:
            self.passed += 1
        else:
            self.failed.append(name)
            print(f"FAIL {name}: {detail}")

    def refused(self, name, words):
        """Exit status 2, one line on stderr, nothing on stdout."""
        try:
            result = self.run(words)
        except subprocess.TimeoutExpired:
            self.judge(name, False, "hangs")
            return
        lines = result.stderr.decode(errors="replace").splitlines()
        good = (result.returncode == 2 and len(lines) == 1 and lines[0].startswith("rvsim: ") and lines[0].isprintable() and
                not result.stdout)
        self.judge(name, good, f"exit {result.returncode}, {lines[:20]}")

    def survives(self, name, words):
        """Any exit status of the contract but a fault of rvsim's own; one line if it is 2. A debugger's commands may fail."""
        try:
            result = self.run(words)
        except subprocess.TimeoutExpired:
            self.judge(name, False, "hangs")
            return
        lines = result.stderr.decode(errors="replace").splitlines()
        good = result.returncode in (0, 1, 3) or (result.returncode == 6 and "--debug-cmd" in words) or (result.returncode == 2 and len(lines) == 1)
        self.judge(name, good, f"exit {result.returncode}, {lines[:20]}")

    def powers_off(self, name, words):
        result = self.run(words)
        self.judge(name, result.returncode == 0 and not result.stdout, f"exit {result.returncode}, {result.stderr!r}")


def controls(runner, good):
    """What is spoiled elsewhere is fine here."""
    image = runner.path("IMAGE")
    runner.powers_off("the program itself", [good])
    runner.powers_off("64 harts", ["-smp", "64", "-m", "64M", good])
    runner.powers_off("little memory", ["-m", "64K", good])
    runner.powers_off("with guests", [good, image + ",vcpus=1,memory=16M,name=x,cpus=0", good])
    runner.powers_off("guest-loader", ["-device", f"guest-loader,addr=0x84000000,kernel={image}", "-bios", good])
    runner.powers_off("kernel and initrd", ["-bios", good, "-kernel", image, "-initrd", image, "-append", "quiet"])
    runner.powers_off("raw firmware", ["-bios", runner.write("raw", POWER_OFF)])
    runner.powers_off("no sections", [runner.write("stripped", stripped())])
    runner.powers_off("device tree out", ["-dump-dtb", runner.path("tree"), "-smp", "2"])
    bank = runner.write("bank", POWER_OFF)
    os.truncate(bank, 32 << 20)
    runner.powers_off("flash", ["-pflash", bank])
    runner.powers_off("fw_cfg", [*MANY.split()[:-2], "-fw_cfg", f"opt/empty,file={runner.write('none', b'')}", good][2:])
    runner.powers_off("device tree in", ["-dtb", runner.path("tree"), good])


def stripped():
    program = Program()
    program.header.update(shoff=0, shnum=0, shstrndx=0)
    return program.bytes()


def packed():
    """(name, bytes) of packed kernels that must be refused."""
    text = bytes(range(256)) * 8
    data = gzip.compress(text, mtime=0)

    def uimage(inner=text, **fields):
        header = dict(magic=0x27051956, crc=0, time=0, size=len(inner), load=BASE, entry=BASE, check=zlib.crc32(inner), system=5, arch=26,
                      type=2, compression=0, name=b"x")
        header.update(fields)
        raw = struct.pack(">7I4B32s", *header.values())
        return raw[:4] + struct.pack(">I", fields.get("crc", zlib.crc32(raw))) + raw[8:] + inner

    yield "gzip of text", data
    yield "half a gzip", data[:len(data) // 2]
    yield "gzip with a wrong length", data[:-1] + b"\1"
    yield "gzip with a wrong checksum", data[:-6] + bytes(2) + data[-4:]
    yield "gzip and something", data + b"something"
    yield "gzip of nothing", gzip.compress(b"", mtime=0)
    yield "gzip's header", data[:10]
    yield "a bomb", gzip.compress(bytes(8 << 20), mtime=0) * 3
    yield "uImage with a wrong header", uimage(crc=1)
    yield "uImage with wrong data", uimage(check=1)
    yield "uImage cut off", uimage()[:-1]
    yield "uImage of nothing", uimage(b"")
    yield "uImage for ARM", uimage(arch=2)
    yield "uImage of a script", uimage(type=6)
    yield "uImage, xz", uimage(compression=9)
    yield "uImage, gzip of text", uimage(compression=1)
    yield "uImage in the ROM", uimage(load=0x1000, entry=0x1000)
    yield "uImage entered elsewhere", uimage(entry=BASE + 0x100000)
    yield "uImage entered at an odd address", uimage(entry=BASE + 1)


def with_symbols(values):
    """The program with symbols of these values: {name: value}."""
    names, table, start = b"\0", bytes(24), 0x400
    for name, value in values.items():
        table += struct.pack("<IBBHQQ", len(names), 0x11, 0, 0xFFF1, value, 0)
        names += name.encode() + b"\0"
    program = Program()
    program.sections[1].update(offset=start, size=len(table))
    program.sections[2].update(offset=start + len(table), size=len(names))
    return program.bytes() + table + names


def symbols(runner):
    """What the firmware's symbols claim of a per-CPU array, of HTIF and of a signature."""
    percpu = ["percpu_base", "percpu_slot_size", "percpu_max"]
    for base, size, count in [(BASE, 0, 2), (BASE, 1, 2**64 - 1), (0, 1 << 40, 1 << 20), (BASE, 2**63, 2), (2**64 - 1, 2**64 - 1, 1),
                              (BASE + 0x1000, 1 << 33, 1 << 31), (BASE + (512 << 20) - 8, 64, 2)]:
        path = runner.write("symbols", with_symbols(dict(zip(percpu, (base, size, count)))))
        where = f"{count} slots of {size} bytes at {base:#x}"
        if size * count >= 2**64 or not BASE <= base <= BASE + (512 << 20) - size or not size:
            runner.refused(f"--check percpu, {where}", ["--check", "percpu", path])
        runner.survives(f"--check isolation, {where}", ["--check", "isolation", path])
        runner.survives(f"debugger, {where}", ["--debug-cmd", "info percpu; step 3; info percpu; watch percpu_base; continue", path])
    for begin, end in [(BASE, BASE - 4), (0, 8), (BASE, 2**64 - 1), (2**64 - 4, 2**64 - 1), (BASE + (512 << 20), BASE + (512 << 20) + 4)]:
        path = runner.write("symbols", with_symbols(dict(begin_signature=begin, end_signature=end)))
        runner.refused(f"signature {begin:#x} to {end:#x}", ["--signature", "s", path])
    for place in [0, 1, BASE + 1, BASE + (512 << 20) - 4, 2**64 - 1]:
        path = runner.write("symbols", with_symbols(dict(tohost=place, fromhost=place)))
        runner.survives(f"tohost at {place:#x}", [path])


def mutations(runner, seed, count):
    """The program, or a device tree, with a few random bytes changed."""
    dice = random.Random(seed)
    with open(runner.path("tree"), "rb") as file:
        tree = file.read()
    good = runner.path("GOOD")
    for number in range(count):
        source = bytearray(tree if number % 3 == 0 else Program().bytes())
        for _ in range(dice.randint(1, 6)):
            source[dice.randrange(len(source))] = dice.choice([0, 1, 0x7F, 0x80, 0xFF, dice.randrange(256)])
        source = source[:dice.choice([len(source), len(source), dice.randrange(1, len(source))])]
        path = runner.write("mutant", bytes(source))
        limits = ["--max-insns", "2000", "--max-cycles", "100000", "--timeout", "20"]
        words = ["-dtb", path, good] if number % 3 == 0 else [path] if number % 3 == 1 else [good, path]
        runner.survives(f"mutation {number} of seed {seed}", limits + words)


def main():
    rvsim = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        runner = Runner(rvsim, folder)
        good = runner.write("GOOD", Program().bytes())
        runner.write("IMAGE", image_header())
        runner.write("QCOW", b"QFI\xfb" + bytes(600))
        runner.write("IMAGE-S", struct.pack("<QQ", 0, 0x200000) + image_header()[16:])
        runner.write("BANK", b"")
        os.truncate(runner.path("BANK"), 32 << 20)
        runner.write("HALF", gzip.compress(bytes(range(256)) * 8)[:20])
        runner.write("BIG", image_header(5 << 20))
        runner.write("TEXT", b"no program at all\n" * 8)
        runner.write("EMPTY", b"")
        runner.write("PRINTS", Program(PRINT + POWER_OFF).bytes())
        os.mkdir(runner.path("DIRECTORY"))
        unreadable = runner.write("UNREADABLE", Program().bytes())
        os.chmod(unreadable, 0)
        controls(runner, good)
        for line in OPTIONS.split("|"):
            words = line.replace("MANY", MANY).split()
            if "UNREADABLE" in words and os.access(unreadable, os.R_OK):
                continue  # root reads everything
            runner.refused(" ".join(words) or "(nothing)", words)
        for text in HARMFUL:
            for option in HARMFUL_OPTIONS:
                value = {"-expect": "(" + text, "-trace": "t,events=" + text, "-serial": "file:/nonexistent/" + text}.get(option, text)
                runner.refused(f"{option} {text!r}", ["-" + option, value] + ["GOOD"] * (option != "-kernel"))
            for word in (text, f"GOOD,{text}=1", f"GOOD,cpus={text}", f"-{text}"):
                runner.refused(repr(word), ["GOOD", word])
            runner.refused("preset: " + repr(text), ["--cpu", runner.write("x.cpu", (text + "=").encode()), "GOOD"])
        for name, content in spoiled():
            path = runner.write("spoiled", content)
            runner.refused("firmware: " + name, [path])
            if content[:4] == b"\x7fELF" and name not in GUESTS_MAY:
                runner.refused("guest: " + name, [good, path])
                runner.refused("kernel: " + name, ["-bios", good, "-kernel", path])
        for name, content in packed():
            path = runner.write("packed", content)
            small = ["-m", "16M"]
            runner.refused("guest: " + name, small + [good, path])
            if name != "gzip of text":
                runner.refused("kernel: " + name, small + ["-bios", "none", "-kernel", path])
            if not name.startswith("uImage"):
                runner.refused("firmware: " + name, small + [path])
        for name, content in hex_files():
            runner.refused("Intel HEX: " + name, ["-device", "loader,file=" + runner.write("hex", content), good])
        symbols(runner)
        mutations(runner, 1, 60)
    for name in runner.failed:
        print(f"failed: {name}")
    print(f"{runner.passed} passed, {len(runner.failed)} failed")
    return 1 if runner.failed else 0


# A guest's addresses are guest-physical: what memory is there is the hypervisor's to say.
GUESTS_MAY = {"segment in the ROM", "segment at 0", "segment behind DRAM", "segment across DRAM's end", "memory size huge",
              "segment over the device tree's ceiling and DRAM"}

if __name__ == "__main__":
    sys.exit(main())
