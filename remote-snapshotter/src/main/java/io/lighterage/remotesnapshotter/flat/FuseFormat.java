package io.lighterage.remotesnapshotter.flat;

/// The bytes of FUSE (`linux/fuse.h`), as far as files are read. All numbers are in the byte order of the
/// machine, unsigned unless said otherwise; a request's body begins at 40, a reply's at 16.
///
/// | what | offset: field (bytes) | length |
/// |---|---|---|
/// | request header | 0: length (4), 4: opcode (4), 8: unique (8), 16: node (8), 24: uid (4), 28: gid (4), 32: thread
/// (4) | 40 |
/// | reply header | 0: length (4), 4: `-errno` (4, signed), 8: unique (8) | 16 |
/// | INIT | 0: major (4), 4: minor (4), 8: read-ahead (4), 12: flags (4), 16: more flags (4) | 16 or more |
/// | its reply | 0: major (4), 4: minor (4), 8: read-ahead (4), 12: flags (4), 16: background (2), 18: congestion (2),
/// 20: largest write (4), 24: granularity of times (4), 28: pages (2), 32: more flags (4) | 64 |
/// | LOOKUP | 0: name, NUL-terminated | |
/// | its reply | 0: node (8), 8: generation (8), 16: name holds, seconds (8), 24: attributes hold, seconds (8), 40:
/// attributes | 128 |
/// | reply to GETATTR | 0: attributes hold, seconds (8), 16: attributes | 104 |
/// | attributes | 0: node (8), 8: size (8), 16: blocks of 512 (8), 60: mode (4), 64: links (4), 68: uid (4), 72: gid
/// (4), 80: block (4) | 88 |
/// | OPEN | 0: flags (4) | 8 |
/// | its reply | 0: handle (8), 8: flags (4) | 16 |
/// | READ | 0: handle (8), 8: offset (8), 16: length (4) | 24 or more |
/// | INTERRUPT | 0: unique of the other request (8) | 8 |
/// | reply to STATFS | 0: blocks (8), 24: files (8), 40: block (4), 44: longest name (4), 48: fragment (4) | 80 |
final class FuseFormat {
    static final int IN_HEADER = 40;
    static final int OUT_HEADER = 16;

    static final int MAJOR = 7;

    /// What we speak: later minors only add what we do not use. The kernel speaks the lower of both.
    static final int MINOR = 31;

    /// Linux 3.15. Before it replies to INIT were shorter.
    static final int LEAST_MINOR = 23;

    static final int LOOKUP = 1;
    static final int FORGET = 2;
    static final int GETATTR = 3;
    static final int OPEN = 14;
    static final int READ = 15;
    static final int STATFS = 17;
    static final int RELEASE = 18;
    static final int INIT = 26;
    static final int ACCESS = 34;
    static final int INTERRUPT = 36;
    static final int DESTROY = 38;
    static final int BATCH_FORGET = 42;

    static final int INIT_IN = 16;
    static final int INIT_OUT = 64;
    static final int ENTRY_OUT = 128;
    static final int ENTRY_ATTRIBUTES = 40;
    static final int ATTR_OUT = 104;
    static final int ATTR_ATTRIBUTES = 16;
    static final int OPEN_IN = 8;
    static final int OPEN_OUT = 16;
    static final int READ_IN = 24;
    static final int INTERRUPT_IN = 8;
    static final int STATFS_OUT = 80;

    /// Reads ahead are sent without waiting for the one before.
    static final int ASYNC_READ = 1;

    /// Reads that go past the page cache, too, are sent without waiting.
    static final int ASYNC_DIO = 1 << 15;

    /// Requests of more than 32 pages.
    static final int MAX_PAGES = 1 << 22;

    /// There are flags in a second word: INIT 16, its reply 32.
    static final int INIT_EXT = 1 << 30;

    /// In the second word: the kernel gives requests again that were taken and not answered, once told to.
    static final int HAS_RESEND = 1 << 7;

    /// What is sent in the place of an error, as a reply to nobody, to be given those requests again.
    static final int NOTIFY_RESEND = 7;

    /// The page cache is passed over.
    static final int OPEN_DIRECT = 1;

    /// What the page cache holds of the file stays when it is opened again.
    static final int OPEN_KEEP_CACHE = 1 << 1;

    /// Nothing is to be asked when it is closed.
    static final int OPEN_NO_FLUSH = 1 << 5;

    /// The root directory.
    static final long ROOT = 1;

    private FuseFormat() {}
}
