package io.lighterage.linux;

import java.nio.file.Path;

/// The mount calls. Every one returns what the kernel returned: zero or more on success, `-errno` on failure (see
/// [Errno]). [NativeMountCalls] asks the kernel; [RecordingMountCalls] is its twin for tests without root.
public interface MountCalls {
    /// The kernel takes one page of options and cuts off what is longer without a word, so longer ones are refused
    /// with `E2BIG`.
    int MAX_OPTIONS = 4095;

    /// `mount(2)`.
    ///
    /// @param source device or a name people recognise
    /// @param target an existing directory or file
    /// @param type file-system type; empty for a bind mount, a remount or a change of propagation
    /// @param flags from [MountFlags]
    /// @param options comma-separated, at most [#MAX_OPTIONS] bytes in UTF-8
    int mount(String source, Path target, String type, long flags, String options);

    /// `umount2(2)`; flags from [MountFlags].
    int umount2(Path target, int flags);

    /// The magic number of the file system a path is on (`statfs(2)`), see [MountFlags].
    long magic(Path path);
}
