package io.lighterage.remotesnapshotter.erofs;

import io.lighterage.linux.Flags;
import io.lighterage.remotesnapshotter.apply.ReservedXattrs;
import io.lighterage.stargz.RawName;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/// Names of extended attributes, which EROFS has as the number of a prefix and the rest.
///
/// | number | prefix | rest |
/// |---|---|---|
/// | 1 | `user.` | at least a byte |
/// | 2 | `system.posix_acl_access` | nothing |
/// | 3 | `system.posix_acl_default` | nothing |
/// | 4 | `trusted.` | at least a byte |
/// | 6 | `security.` | at least a byte |
public final class XattrNames {
    private static final String ACCESS_LIST = "system.posix_acl_access";
    private static final String DEFAULT_LIST = "system.posix_acl_default";

    private static final List<Prefix> PREFIXES = List.of(
            new Prefix(1, "user.", false),
            new Prefix(2, ACCESS_LIST, true),
            new Prefix(3, DEFAULT_LIST, true),
            new Prefix(4, "trusted.", false),
            new Prefix(6, "security.", false));

    private XattrNames() {}

    /// @param whole whether nothing comes behind it
    private record Prefix(int number, String text, boolean whole) {
        boolean begins(RawName name) {
            if (whole ? name.length() != text.length() : name.length() <= text.length()) {
                return false;
            }
            for (int i = 0; i < text.length(); i++) {
                if (name.at(i) != text.charAt(i)) {
                    return false;
                }
            }
            return true;
        }
    }

    /// A name in two parts.
    record Split(int prefix, RawName rest) {}

    /// Empty for a name that EROFS does not have.
    static Optional<Split> split(RawName name) {
        return PREFIXES.stream()
                .filter(prefix -> prefix.begins(name))
                .findFirst()
                .map(prefix -> new Split(prefix.number(), rest(name, prefix.text())));
    }

    private static RawName rest(RawName name, String prefix) {
        return RawName.of(name.toBytes(), prefix.length(), name.length());
    }

    /// Whether a file that a layer was unpacked to could have the attribute: what unpacking leaves out or a
    /// file system refuses is not for an image either.
    ///
    /// @param mode type and permission bits of the file
    public static boolean canBeSet(RawName name, int mode) {
        int type = mode & Flags.S_IFMT;
        boolean directory = type == Flags.S_IFDIR;
        if (!ReservedXattrs.canBeSet(name, directory || type == Flags.S_IFREG)
                || split(name).isEmpty()) {
            return false;
        }
        return switch (new String(name.toBytes(), StandardCharsets.ISO_8859_1)) {
            case ACCESS_LIST -> type != Flags.S_IFLNK;
            case DEFAULT_LIST -> directory;
            default -> true;
        };
    }
}
