# Lists a tar archive as Python's tarfile reads it, one line an entry, in the form of Listing.java.
import hashlib, re, sys, tarfile

def raw(text):
    return text.encode("utf-8", "surrogateescape")

KINDS = {tarfile.LNKTYPE: "HARD_LINK", tarfile.SYMTYPE: "SYMLINK", tarfile.CHRTYPE: "CHARACTER_DEVICE",
         tarfile.BLKTYPE: "BLOCK_DEVICE", tarfile.DIRTYPE: "DIRECTORY", tarfile.FIFOTYPE: "FIFO"}

def when(member):
    text = member.pax_headers.get("mtime")
    if text is None:
        return "%d.%09d" % (member.mtime, 0)
    sign, whole, fraction = re.fullmatch(r"(-?)(\d+)(?:\.(\d+))?", text).groups()
    nanos = int(whole) * 10**9 + int(((fraction or "") + "0" * 9)[:9])
    if sign:
        nanos = -nanos
    return "%d.%09d" % (nanos // 10**9, nanos % 10**9)

with tarfile.open(sys.argv[1], "r:", encoding="utf-8", errors="surrogateescape") as archive:
    for m in archive:
        kind = KINDS.get(m.type, "REGULAR")
        device = kind in ("CHARACTER_DEVICE", "BLOCK_DEVICE")
        link = raw(m.linkname) if kind in ("HARD_LINK", "SYMLINK") else b""
        xattrs = sorted((raw(k[13:]).hex(), raw(v).hex()) for k, v in m.pax_headers.items() if k.startswith("SCHILY.xattr."))
        content = ""
        if kind == "REGULAR":
            digest = hashlib.sha256()
            stream = archive.extractfile(m)
            while piece := stream.read(1 << 20):
                digest.update(piece)
            content = digest.hexdigest()
        # tarfile lets `path` win over `GNU.sparse.name`; GNU tar and Go do not
        print(raw(m.pax_headers.get("GNU.sparse.name", m.name)).rstrip(b"/").hex(), kind, link.hex(), "%o" % (m.mode & 0o7777), m.uid, m.gid,
              m.size if kind == "REGULAR" else 0, when(m), m.devmajor if device else 0, m.devminor if device else 0,
              ",".join(k + "=" + v for k, v in xattrs), content, sep="|")
