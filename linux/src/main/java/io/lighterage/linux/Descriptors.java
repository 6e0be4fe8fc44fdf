package io.lighterage.linux;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;

/// Small conveniences around [FileCalls] for callers that have a [Path] in hand or no use for a failure.
public final class Descriptors {
    private Descriptors() {}

    /// Opens a directory for use as the `directory` argument of [FileCalls]; the caller closes it. A symlink is
    /// followed, as the path is the operator's and not an image's.
    ///
    /// @throws ErrnoException when it cannot be opened or is not a directory
    public static int openDirectory(FileCalls calls, Path path) {
        byte[] name = bytes(path);
        int flags = Flags.O_RDONLY | Flags.O_DIRECTORY | Flags.O_CLOEXEC;
        int descriptor = calls.openat2(Flags.AT_FDCWD, name, flags, 0, 0);
        check(descriptor, "openat2", name);
        return descriptor;
    }

    /// Throws when `result` is a negated error number, as [FileCalls] returns it.
    ///
    /// @throws ErrnoException naming the call, the path and the error
    public static void check(long result, String call, byte[] path) {
        if (result < 0) {
            throw new ErrnoException((int) -result, call, printable(path));
        }
    }

    /// As [#check(long, String, byte[])] with a path that is printable already.
    public static void check(long result, String call, String path) {
        if (result < 0) {
            throw new ErrnoException((int) -result, call, path);
        }
    }

    /// The bytes the kernel knows a path by, absolute. `Path.toString` decodes with the locale's charset and loses
    /// what that cannot express; the URI form is made from the bytes themselves.
    public static byte[] bytes(Path path) {
        String escaped = path.toUri().getRawPath();
        var bytes = new ByteArrayOutputStream(escaped.length());
        for (int i = 0; i < escaped.length(); i++) {
            char c = escaped.charAt(i);
            if (c == '%') {
                bytes.write(Integer.parseInt(escaped, i + 1, i + 3, 16));
                i += 2;
            } else {
                bytes.write(c);
            }
        }
        byte[] result = bytes.toByteArray();
        // A directory's URI ends in a slash, which would make the kernel follow a symlink in last place.
        return result.length > 1 && result[result.length - 1] == '/'
                ? java.util.Arrays.copyOf(result, result.length - 1)
                : result;
    }

    /// A name for people: printable ASCII and valid UTF-8 letters as they are, other bytes as `\xNN`.
    public static String printable(byte[] name) {
        var text = new StringBuilder(name.length);
        String decoded = new String(name, StandardCharsets.UTF_8);
        boolean valid = java.util.Arrays.equals(decoded.getBytes(StandardCharsets.UTF_8), name);
        if (valid && decoded.chars().noneMatch(Character::isISOControl)) {
            return decoded;
        }
        for (byte b : name) {
            if (b >= 0x20 && b < 0x7f) {
                text.append((char) b);
            } else {
                text.append(String.format(Locale.ROOT, "\\x%02x", b));
            }
        }
        return text.toString();
    }
}
