package io.lighterage.linux;

/// System-call numbers: x86_64 has its own table (`asm/unistd_64.h`), aarch64 the generic one
/// (`asm-generic/unistd.h`). Calls younger than Linux 5.1 have one number everywhere.
final class CallNumbers {
    private static final boolean ARM = isArm(System.getProperty("os.name", ""), System.getProperty("os.arch", ""));

    //                                            x86_64 aarch64
    static final long READ = pick(0, 63);
    static final long WRITE = pick(1, 64);
    static final long CLOSE = pick(3, 57);
    static final long IOCTL = pick(16, 29);
    static final long PWRITE64 = pick(18, 68);
    static final long MADVISE = pick(28, 233);
    static final long SOCKET = pick(41, 198);
    static final long SENDMSG = pick(46, 211);
    static final long SETSOCKOPT = pick(54, 208);
    static final long WAIT4 = pick(61, 260);
    static final long FCNTL = pick(72, 25);
    static final long FSYNC = pick(74, 82);
    static final long FTRUNCATE = pick(77, 46);
    static final long FCHMOD = pick(91, 52);
    static final long FCHOWN = pick(93, 55);
    static final long GETEUID = pick(107, 175);
    static final long GETEGID = pick(108, 177);
    static final long STATFS = pick(137, 43);
    static final long MOUNT = pick(165, 40);
    static final long UMOUNT2 = pick(166, 39);
    static final long LSETXATTR = pick(189, 6);
    static final long FSETXATTR = pick(190, 7);
    static final long LGETXATTR = pick(192, 9);
    static final long LLISTXATTR = pick(195, 12);
    static final long LREMOVEXATTR = pick(198, 15);
    static final long GETDENTS64 = pick(217, 61);
    static final long EXIT_GROUP = pick(231, 94);
    static final long MKDIRAT = pick(258, 34);
    static final long MKNODAT = pick(259, 33);
    static final long FCHOWNAT = pick(260, 54);
    static final long UNLINKAT = pick(263, 35);
    static final long RENAMEAT = pick(264, 38);
    static final long LINKAT = pick(265, 37);
    static final long SYMLINKAT = pick(266, 36);
    static final long READLINKAT = pick(267, 78);
    static final long FCHMODAT = pick(268, 53);
    static final long UTIMENSAT = pick(280, 88);
    static final long SYNCFS = pick(306, 267);
    static final long STATX = pick(332, 291);
    static final long FSOPEN = 430;
    static final long FSCONFIG = 431;
    static final long FSMOUNT = 432;
    static final long PIDFD_OPEN = 434;
    static final long OPENAT2 = 437;
    static final long PIDFD_GETFD = 438;

    private CallNumbers() {}

    private static long pick(int x86, int arm) {
        return ARM ? arm : x86;
    }

    /// Whether the machine is the aarch64 one of the two we know.
    ///
    /// @throws UnsupportedOperationException on any other machine: a wrong number would call something else
    static boolean isArm(String system, String architecture) {
        boolean arm = architecture.equals("aarch64");
        boolean intel = architecture.equals("amd64") || architecture.equals("x86_64");
        if (system.equals("Linux") && (arm || intel)) {
            return arm;
        }
        throw new UnsupportedOperationException(
                "Lighterage makes Linux system calls on x86_64 and aarch64; this is " + system + " on " + architecture);
    }
}
