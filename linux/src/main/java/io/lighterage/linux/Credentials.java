package io.lighterage.linux;

/// Who this process is to the kernel.
///
/// @param uid effective user
/// @param gid effective group
/// @param capabilities effective capabilities, one bit each (`CapEff` of `/proc/self/status`)
public record Credentials(int uid, int gid, long capabilities) {
    public static final int CAP_CHOWN = 0;
    public static final int CAP_DAC_OVERRIDE = 1;
    public static final int CAP_DAC_READ_SEARCH = 2;
    public static final int CAP_FOWNER = 3;
    public static final int CAP_FSETID = 4;
    public static final int CAP_SYS_ADMIN = 21;
    public static final int CAP_MKNOD = 27;
    public static final int CAP_SETFCAP = 31;

    /// `geteuid(2)`.
    public static int effectiveUid() {
        return (int) Kernel.call(Scratch.ofThread(), CallNumbers.GETEUID, 0);
    }

    /// `getegid(2)`.
    public static int effectiveGid() {
        return (int) Kernel.call(Scratch.ofThread(), CallNumbers.GETEGID, 0);
    }

    public boolean isRoot() {
        return uid == 0;
    }

    public boolean has(int capability) {
        return (capabilities >>> capability & 1) != 0;
    }

    /// Reads the `CapEff` line of `/proc/self/status`; zero when there is none.
    static long capabilitiesOf(String status) {
        for (String line : status.split("\n")) {
            if (line.startsWith("CapEff:")) {
                return Long.parseUnsignedLong(line.substring("CapEff:".length()).trim(), 16);
            }
        }
        return 0;
    }
}
