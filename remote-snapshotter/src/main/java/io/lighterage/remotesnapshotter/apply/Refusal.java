package io.lighterage.remotesnapshotter.apply;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.Errno;
import io.lighterage.linux.ErrnoException;
import org.jspecify.annotations.Nullable;

/// Failures of system calls in the words of the house.
///
/// @param target the directory being unpacked into, for messages
/// @param label the layer, for messages
record Refusal(String target, String label) {

    /// @param errno what the kernel said, positive
    /// @param action what was tried, as in `create`
    /// @param subject on what, as in the path of an entry
    ImageException of(int errno, String action, Object subject) {
        return of(errno, action, subject, null);
    }

    private ImageException of(int errno, String action, Object subject, @Nullable Throwable cause) {
        ErrorKind kind = kind(errno);
        return new ImageException(
                kind,
                "cannot " + action + " '" + subject + "' in " + target + " (layer " + label + "): " + Errno.name(errno)
                        + remedy(kind, errno),
                cause);
    }

    /// The same for a call that throws.
    ImageException of(ErrnoException failure) {
        return of(failure.errno(), failure.call(), failure.path(), failure);
    }

    /// A defect of the layer itself.
    ImageException malformed(Object entry, String fault) {
        return new ImageException(ErrorKind.INVALID, "tar entry '" + entry + "' of layer " + label + " " + fault);
    }

    /// Throws when a call failed, else hands its value on.
    int check(int result, String action, Object subject) {
        if (result < 0) {
            throw of(-result, action, subject);
        }
        return result;
    }

    private static ErrorKind kind(int errno) {
        return switch (errno) {
            case Errno.ENOSPC, Errno.EDQUOT, Errno.EMFILE, Errno.ENFILE, Errno.ENOMEM, Errno.EMLINK, Errno.EFBIG ->
                ErrorKind.EXHAUSTED;
            case Errno.EROFS, Errno.EACCES, Errno.EPERM -> ErrorKind.DENIED;
            case Errno.ENAMETOOLONG, Errno.EINVAL -> ErrorKind.INVALID;
            case Errno.ENOSYS, Errno.EOPNOTSUPP -> ErrorKind.UNSUPPORTED;
            case Errno.ENOENT, Errno.ENOTDIR, Errno.ELOOP, Errno.EEXIST, Errno.ENOTEMPTY, Errno.EBUSY ->
                ErrorKind.PRECONDITION;
            default -> ErrorKind.INTERNAL;
        };
    }

    private String remedy(ErrorKind kind, int errno) {
        return switch (errno) {
            case Errno.ENOSPC ->
                "; free space (or inodes: df -i) on the file system of " + target + ", or unpack elsewhere";
            case Errno.EDQUOT -> "; raise the quota on the file system of " + target + ", or unpack elsewhere";
            case Errno.EMFILE, Errno.ENFILE -> "; raise the limit of open files (ulimit -n)";
            case Errno.EROFS -> "; remount the file system writable, or unpack elsewhere";
            case Errno.EACCES, Errno.EPERM -> "; the directory must be writable by this user";
            case Errno.ENOSYS -> "; Linux 5.6 or newer is needed";
            default ->
                kind == ErrorKind.PRECONDITION
                        ? "; nothing else may change the directory while it is unpacked into"
                        : "";
        };
    }
}
