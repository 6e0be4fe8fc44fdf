package io.lighterage.linux;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// What the running kernel offers, as `lighter doctor` tells it.
///
/// @param release `uname -r`
/// @param major first number of the release, 0 when it has none
/// @param minor second number of the release
/// @param overlay overlayfs
/// @param erofs EROFS
/// @param fuse FUSE
/// @param fuseDevice `/dev/fuse`
/// @param openat2 whether `openat2(2)` with `RESOLVE_IN_ROOT` works (Linux 5.6, and not filtered out by seccomp)
/// @param credentials who we are
/// @param userNamespaces whether and how user namespaces may be made
public record KernelFacts(
        String release,
        int major,
        int minor,
        Support overlay,
        Support erofs,
        Support fuse,
        Device fuseDevice,
        boolean openat2,
        Credentials credentials,
        UserNamespaces userNamespaces) {

    /// Whether the kernel has a file system.
    public enum Support {
        /// In `/proc/filesystems`.
        READY,
        /// A module of this kernel that is not loaded; mounting as root loads it.
        MODULE,
        ABSENT
    }

    /// Whether a device node serves us.
    public enum Device {
        OPENS,
        /// There, but opening it fails: permissions, a device cgroup, or no driver behind the node.
        REFUSED,
        ABSENT
    }

    /// Who may make user namespaces.
    public enum UserNamespaces {
        EVERYBODY,
        ROOT_ONLY,
        NOBODY
    }

    private static final Pattern RELEASE = Pattern.compile("(\\d{1,4})\\.(\\d{1,4}).*");

    /// Reads the facts of this machine. Files that cannot be read count as empty.
    public static KernelFacts read() {
        String release = text("/proc/sys/kernel/osrelease").trim();
        String fileSystems = text("/proc/filesystems");
        String modules = text("/lib/modules/" + release + "/modules.dep");
        FileCalls calls = new NativeFileCalls();
        return new KernelFacts(
                release,
                version(release, 1),
                version(release, 2),
                support("overlay", fileSystems, modules),
                support("erofs", fileSystems, modules),
                support("fuse", fileSystems, modules),
                device(calls, "/dev/fuse"),
                opensInRoot(calls),
                new Credentials(
                        Credentials.effectiveUid(),
                        Credentials.effectiveGid(),
                        Credentials.capabilitiesOf(text("/proc/self/status"))),
                userNamespaces(
                        text("/proc/sys/user/max_user_namespaces"),
                        text("/proc/sys/kernel/unprivileged_userns_clone"),
                        text("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")));
    }

    /// Whether the release is at least this one.
    public boolean atLeast(int wantedMajor, int wantedMinor) {
        return major > wantedMajor || (major == wantedMajor && minor >= wantedMinor);
    }

    static int version(String release, int part) {
        Matcher matcher = RELEASE.matcher(release);
        return matcher.matches() ? Integer.parseInt(matcher.group(part)) : 0;
    }

    /// @param fileSystems `/proc/filesystems`: lines of `nodev<TAB>name` or `<TAB>name`
    /// @param modules `modules.dep`: lines of `path/name.ko[.xz]: dependencies`
    static Support support(String name, String fileSystems, String modules) {
        Set<String> known = Arrays.stream(fileSystems.split("\n"))
                .map(line -> line.substring(line.indexOf('\t') + 1).trim())
                .collect(Collectors.toSet());
        if (known.contains(name)) {
            return Support.READY;
        }
        Pattern module = Pattern.compile("/" + Pattern.quote(name) + "\\.ko(\\.\\w+)?:");
        return module.matcher(modules).find() ? Support.MODULE : Support.ABSENT;
    }

    /// @param limit `user.max_user_namespaces`
    /// @param debian `kernel.unprivileged_userns_clone`, empty on kernels without Debian's patch
    /// @param ubuntu `kernel.apparmor_restrict_unprivileged_userns`, empty where there is no such restriction
    static UserNamespaces userNamespaces(String limit, String debian, String ubuntu) {
        if (limit.isBlank() || limit.trim().equals("0")) {
            return UserNamespaces.NOBODY;
        }
        boolean restricted = debian.trim().equals("0") || ubuntu.trim().equals("1");
        return restricted ? UserNamespaces.ROOT_ONLY : UserNamespaces.EVERYBODY;
    }

    private static Device device(FileCalls calls, String path) {
        byte[] name = path.getBytes(StandardCharsets.US_ASCII);
        int descriptor = calls.openat2(Flags.AT_FDCWD, name, Flags.O_RDWR | Flags.O_CLOEXEC, 0, 0);
        if (descriptor >= 0) {
            calls.close(descriptor);
            return Device.OPENS;
        }
        return Files.exists(Path.of(path)) ? Device.REFUSED : Device.ABSENT;
    }

    private static boolean opensInRoot(FileCalls calls) {
        int flags = Flags.O_PATH | Flags.O_DIRECTORY | Flags.O_CLOEXEC;
        int descriptor = calls.openat2(Flags.AT_FDCWD, new byte[] {'.'}, flags, 0, Flags.RESOLVE_IN_ROOT);
        if (descriptor >= 0) {
            calls.close(descriptor);
        }
        return descriptor >= 0;
    }

    private static String text(String path) {
        try {
            return Files.readString(Path.of(path), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return "";
        }
    }
}
