# Makes a tree with one of everything a layer may hold.
import os, socket, sys

top = sys.argv[1].encode()
os.makedirs(top)
os.chdir(top)

def put(name, data=b"", mode=0o644):
    os.makedirs(os.path.dirname(name) or b".", exist_ok=True)
    with open(name, "wb") as f:
        f.write(data)
    os.chmod(name, mode)

def sparse(name, size, *segments):
    with open(name, "wb") as f:
        f.truncate(size)
        for at, length in segments:
            f.seek(at)
            f.write(b"s" * length)

put(b"empty")
put(b"one", b"1")
put(b"block", b"b" * 512)
put(b"block+1", b"c" * 513)
put(b"big", bytes(range(256)) * 4096)
put(b"suid", b"#!", 0o4755)
put(b"sticky", b"", 0o1000)
put(b"none", b"", 0)
put("ünïcödé".encode(), b"utf-8")
put(b"latin1-\xe9\xff", b"not utf-8")
put(b"new\nline", b"odd")
put(b"n" * 100, b"exactly 100")
put(b"n" * 101, b"one more")
put(b"n" * 255, b"the longest name")
put(b"/".join([b"d" * 60] * 3) + b"/" + b"f" * 90, b"a prefix would do")
put(b"/".join([b"e" * 200] * 6) + b"/" + b"f" * 200, b"a long path")
os.makedirs(b"directory/empty")
os.chmod(b"directory", 0o2775)
os.symlink(b"one", b"link")
os.symlink(b"x/" * 200, b"long-link")
os.symlink(b"\xff\xfe", b"odd-link")
os.link(b"big", b"hard")
os.link(b"n" * 255, b"hard-long")
os.mkfifo(b"fifo", 0o600)
if os.geteuid() == 0:
    os.mknod(b"chr", 0o20644, os.makedev(1, 3))
    os.mknod(b"blk", 0o60644, os.makedev(259, 1048575))
    os.chown(b"one", 1000, 65534)
    os.chown(b"link", 2097151, 2097152, follow_symlinks=False)
sparse(b"hole", 1 << 20)
sparse(b"sparse-1", 1 << 20, (65536, 4096))
sparse(b"sparse-head", 1 << 20, (0, 4096))
sparse(b"sparse-tail", 1 << 20, ((1 << 20) - 100, 100))
sparse(b"sparse-5", 1 << 20, *((n << 16, 5000) for n in range(5)))
sparse(b"sparse-100", 8 << 20, *((n << 16, 100 + n) for n in range(100)))
sparse(b"directory/" + b"s" * 150, 1 << 20, (65536, 10))
for name, value in ((b"user.a", b"b"), (b"user.empty", b""), (b"user.odd", b"a=b\n\x00\xff"), (b"security.capability",
        bytes.fromhex("0100000200200000000000000000000000000000"))):
    try:
        os.setxattr(b"suid", name, value)
        os.setxattr(b"directory", name, value)
    except OSError:
        pass
for name, when in ((b"one", 1234567890123456789), (b"empty", -1), (b"block", -1500000000), (b"block+1", -2000000000),
        (b"big", 5000000000 * 10**9 + 1), (b"link", 10**9)):
    os.utime(name, ns=(when, when), follow_symlinks=False)
